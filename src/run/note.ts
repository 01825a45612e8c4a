import type { Action } from '../model/action.ts';

/** The name of an action as the operator knows it. */
export function noteOf(action: Action): string {
  switch (action.do) {
    case 'upload':
      return 'push the tarball';
    case 'fetch':
      return 'download the tarball';
    case 'configure':
      return './configure';
    case 'make':
      return 'make';
    case 'pack-build':
      return 'make install';
    case 'place-build':
      return 'put it in place';
    case 'clean-build':
      return 'clean up';
    case 'service':
      return action.verb;
    default:
      return action.do.replace('-', ' ');
  }
}
