import { scripts } from 'haup:scripts';
import {
  drainFile,
  drillAtBoot,
  drillRecord,
  entrustedScript,
  foundDirectory,
  graceDirectory,
  healthCheck,
  historyDirectory,
  lockFile,
  lockOwnerFile,
  recordDirectory,
  sayMark,
  sourceDirectory,
  stateDirectory,
  unfinishedStamp,
  userMark,
} from '../model/layout.ts';
import { type ScriptArguments, scriptText } from './script-text.ts';

/** What a script is given of itself when its header names it: the one definition of these is model/layout.ts. */
const layout: ScriptArguments = {
  drain_file: drainFile,
  drill_at_boot: drillAtBoot,
  drill_record: drillRecord,
  entrusted_script: entrustedScript,
  found_directory: foundDirectory,
  grace_directory: graceDirectory,
  health_check: healthCheck,
  history_directory: historyDirectory,
  lock_file: lockFile,
  owner_file: lockOwnerFile,
  record_directory: recordDirectory,
  say_mark: sayMark,
  source_directory: sourceDirectory,
  state_directory: stateDirectory,
  unfinished_stamp: unfinishedStamp,
  user_mark: userMark,
};

/** The text of a script that runs on hosts, from the files of templates/scripts. Throws as `scriptText`. */
export const hostScript = (
  names: string | readonly string[],
  given: ScriptArguments = {},
  words?: readonly string[],
): string =>
  scriptText(scripts, [names].flat(), layout, words === undefined ? given : { ...given, '$@': words });
