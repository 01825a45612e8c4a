import { maskSecrets } from '../base/masking.ts';
import type { FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import { sayMark } from '../model/layout.ts';

export interface Verdict {
  readonly ok: boolean;
  /** What the daemon complains about, each line once. */
  readonly complaints: readonly string[];
}

/**
 * Messages of `keepalived -t` that come with a configuration that is right: everything else counts
 * as a complaint, since the exit status alone says 5 for a harmless notice and 0 for an empty file.
 */
const harmless: readonly RegExp[] = [
  new RegExp(`^${sayMark}`),
  /^\s*$/,
  /NOTICE: setting config option max_auto_priority/,
  /WARNING - the keepalived_script user .* does not exist, .* using root/i,
  /^(Opening|Opened) file /,
  /Configuration is using : /,
  /^Keepalived .* (is|was) (built|running)/,
];

/** Judges what the configuration test of a daemon said. */
export function configTestVerdict(service: Service, code: number, output: string): Verdict {
  const lines = [...new Set(output.split('\n').map((line) => line.trim()))].filter((line) => line !== '');
  if (service === 'nginx') {
    return {
      ok: code === 0,
      complaints: lines.filter((line) => !/syntax is ok|test is successful|test failed/.test(line)),
    };
  }
  const complaints = lines.filter((line) => !harmless.some((pattern) => pattern.test(line)));
  if (complaints.length > 0) return { ok: false, complaints };
  // 0 is clean and 5 "would run after adjusting": without a complaint that we know to matter, it runs.
  const ok = code === 0 || code === 5;
  return { ok, complaints: ok ? [] : [`keepalived -t ended with status ${code} and said nothing.`] };
}

/** A place in a file, as nginx and as keepalived name it. */
const places = [/ in (\/\S+):(\d+)$/, /\((\/[^:)]+): Line (\d+)\)/];

/** Each complaint with the line of the file that it is about; passwords are masked. */
export function withLines(complaints: readonly string[], files: readonly FileWant[]): readonly string[] {
  return complaints.flatMap((complaint) => {
    const [, path, number] =
      places.map((place) => place.exec(complaint)).find((match) => match !== null) ?? [];
    const file = files.find((one) => one.path === path);
    const line = file && Buffer.from(file.bytes).toString('utf8').split('\n')[Number(number) - 1];
    if (line === undefined || line.trim() === '') return [complaint];
    const shown = maskSecrets(line.trim());
    return [complaint, `  ${number} | ${shown.length > 100 ? `${shown.slice(0, 99)}…` : shown}`];
  });
}
