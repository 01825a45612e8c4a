import { hostScript } from '../../src/base/host-script.ts';
import { installedList } from '../../src/model/layout.ts';

/** The part of the facts script that prints what the host records. */
export const recordScript: string = hostScript('facts-record', {
  installed_lists: installedList('nginx', '').slice(0, -'nginx'.length),
  unread_marks: [],
});
