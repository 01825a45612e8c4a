import type { Service } from '../model/domain.ts';
import type { SoftwareFacts } from '../model/facts.ts';
import { shellWords } from '../base/shell-words.ts';

/** `said`: what the program prints with `-V` (nginx) or `-v` (keepalived). */
export function softwareFacts(
  name: Service,
  { path, program }: { readonly path: string; readonly program: string },
  said: string,
  stamp: string,
): SoftwareFacts {
  const version =
    (name === 'nginx' ? /nginx version: nginx\/(\S+)/ : /Keepalived v(\S+)/).exec(said)?.[1] ?? '';
  const options =
    (name === 'nginx' ? /^configure arguments: *(.*)$/m : /^configure options: *(.*)$/m).exec(said)?.[1] ??
    '';
  return {
    path,
    program,
    version,
    configure: optionsOf(options),
    stamp: stamp === '' ? null : stamp,
  };
}

/** As they were given, whatever quotes the program shows them in. */
function optionsOf(line: string): readonly string[] {
  const read = shellWords(line);
  return typeof read === 'string' ? line.split(/\s+/).filter((option) => option !== '') : read;
}
