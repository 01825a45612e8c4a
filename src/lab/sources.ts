/** The machine's own apt sources, read as data: the lab fetches from nowhere else. */

import { deb822 } from './deb822.ts';

/** One place to fetch from, as apt's one-line form has it. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Keyring file, or null: apt's default keyrings. */
  readonly signedBy: string | null;
  readonly trusted: boolean;
}

/** A signing key inside a deb822 file. */
interface InlineKey {
  readonly name: string;
  readonly text: string;
}

export interface AptSources {
  readonly sources: readonly AptSource[];
  readonly keys: readonly InlineKey[];
}

export interface SourceFile {
  /** Ends in `.list` or `.sources`, which decides its format. */
  readonly path: string;
  readonly text: string;
}

/**
 * The entries of the distribution itself: binary packages of the release, its updates and its security suite.
 * Entries of third parties have other suites, or components that no distribution has.
 * @param codename VERSION_CODENAME of /etc/os-release
 * @param keyDirectory where inline keys will be written, one file each
 */
export function distributionSources(
  files: readonly SourceFile[],
  os: { readonly id: string; readonly codename: string },
  keyDirectory: string,
): AptSources {
  const keys: InlineKey[] = [];
  const all = files.flatMap((file) =>
    file.path.endsWith('.sources') ? parseDeb822(file.text, keys, keyDirectory) : parseOneLine(file.text),
  );
  const suites = new Set([os.codename, `${os.codename}-updates`, `${os.codename}-security`]);
  const seen = new Set<string>();
  const sources: AptSource[] = [];
  for (const source of all) {
    if (!suites.has(source.suite) || !source.components.includes('main')) continue;
    const key = `${source.uri} ${source.suite}`;
    if (seen.has(key)) continue;
    seen.add(key);
    // Building keepalived on Ubuntu needs universe, which a minimal machine may have disabled.
    const components = os.id === 'ubuntu' ? ['main', 'universe'] : ['main'];
    sources.push({ ...source, components });
  }
  const used = new Set(sources.map((source) => source.signedBy));
  return { sources, keys: keys.filter((key) => used.has(`${keyDirectory}/${key.name}`)) };
}

/** One line of a sources.list. */
export function sourceLine(type: 'deb' | 'deb-src', source: AptSource): string {
  const options = [
    ...(source.signedBy === null ? [] : [`signed-by=${source.signedBy}`]),
    ...(source.trusted ? ['trusted=yes'] : []),
  ];
  const bracket = options.length === 0 ? '' : `[${options.join(' ')}] `;
  return `${type} ${bracket}${source.uri} ${source.suite} ${source.components.join(' ')}`;
}

function parseOneLine(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) return [];
    const [, bracket = '', uri = '', suite = '', components = ''] = match;
    const options = new Map(
      words(bracket).map((word) => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']),
    );
    return [
      {
        uri,
        suite,
        components: words(components),
        signedBy: options.get('signed-by') ?? null,
        trusted: options.get('trusted') === 'yes',
      },
    ];
  });
}

function parseDeb822(text: string, keys: InlineKey[], keyDirectory: string): readonly AptSource[] {
  return deb822(text).flatMap((fields) => {
    const field = (name: string): readonly string[] => words(fields.get(name) ?? '');
    if (!field('types').includes('deb') || fields.get('enabled')?.trim() === 'no') return [];
    const signed = fields.get('signed-by')?.trim() ?? '';
    let signedBy: string | null = signed === '' ? null : (words(signed)[0] ?? null);
    if (signed.includes('-----BEGIN PGP')) {
      // deb822 writes an empty line as a single dot.
      const key = {
        name: `inline-${keys.length}.asc`,
        text: signed.replace(/^[ \t]*\.?[ \t]*$|^[ \t]+/gm, ''),
      };
      keys.push(key);
      signedBy = `${keyDirectory}/${key.name}`;
    }
    const trusted = fields.get('trusted')?.trim() === 'yes';
    return field('uris').flatMap((uri) =>
      field('suites').map((suite) => ({ uri, suite, components: field('components'), signedBy, trusted })),
    );
  });
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** `ID` and `VERSION_CODENAME` (and friends) of /etc/os-release. */
export function osRelease(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line.trim());
      return match === null ? [] : [[match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? ''] as const];
    }),
  );
}
