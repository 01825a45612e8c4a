import type { FileWant, Resource } from '../../src/model/domain.ts';

/** Every file that the resources want, in their order. */
export const filesOf = (resources: readonly Resource[]): readonly FileWant[] =>
  resources.flatMap((one) => (one.kind === 'config' ? one.set.files : one.kind === 'unit' ? [one.file] : []));
