import { scripts } from 'haup:lab-scripts';
import { type ScriptArguments, scriptText } from '../base/script-text.ts';
import { poolMount } from './pool.ts';

/** The text of a script that runs on the operator's machine or in an image, from templates/lab. Throws as `scriptText`. */
export const labScript = (name: string, given: ScriptArguments = {}, words?: readonly string[]): string =>
  scriptText(
    scripts,
    [name],
    { pool_mount: poolMount },
    words === undefined ? given : { ...given, '$@': words },
  );
