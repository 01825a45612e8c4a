/** Files of a service and its unit: what differs, the write that mends it, and the one that takes it back. Pure. */

import { sha256 } from '../base/digest.ts';
import { hasSecrets, maskSecrets } from '../base/masking.ts';
import type { ConfigSet, FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { FileFact, HostFacts } from '../model/facts.ts';
import type { Action, FileWrite } from '../model/action.ts';
import type { Change, TextDiff } from '../model/plan.ts';

export interface FileSurprises {
  /** A package brings files of its own between the plan and its writes. */
  readonly arrives?: boolean;
  /** Files outside of `owns` that must not be there either. */
  readonly gone?: readonly string[];
}

export function diffConfig(
  set: ConfigSet,
  have: HostFacts,
  { arrives = false, gone = [] }: FileSurprises = {},
): Change | string {
  const wanted = new Set(set.files.map((file) => file.path));
  const stray = Object.entries(have.files).filter(
    ([path, fact]) =>
      fact.state === 'present' && !wanted.has(path) && (gone.includes(path) || owns(set, path)),
  );
  const differing = set.files.filter((file) => !equal(file, have.files[file.path]));
  if (differing.length + stray.length === 0) {
    return `config ${set.service}: ${set.files.length} files are as wanted`;
  }
  const writes: FileWrite[] = [
    ...differing.map((file): FileWrite => {
      const expect = digestOf(have.files[file.path]);
      return { ...file, expect: arrives && expect === 'absent' ? 'any' : expect };
    }),
    ...stray.map(
      ([path, fact]): FileWrite => ({
        path,
        bytes: 'absent',
        mode: 0,
        owner: 'root:root',
        secret: false,
        expect: digestOf(fact),
      }),
    ),
  ];
  const reasons = [
    ...differing.map((file) => `${file.path} ${reason(file, have.files[file.path])}`),
    ...stray.map(([path]) => `${path} is no longer wanted`),
  ];
  return {
    id: `config:${set.service}`,
    kind: 'config',
    service: set.service,
    title: `write the ${set.service} configuration`,
    why: reasons.join('; '),
    actions: [
      {
        do: 'write',
        service: set.service,
        binary: set.binary,
        entry: set.entry,
        files: writes,
        testing: set.files,
      },
    ],
    undo: putBack(set, writes, have),
    diffs: [
      ...differing.map((file) => textDiff(file, have.files[file.path])),
      ...stray.map(([path, fact]) => maskedDiff(path, fact.state === 'present' ? fact.text : null, null)),
    ],
  };
}

/**
 * The writes that bring back the files as they were. Empty when one of them could not be
 * read whole, or when there was no configuration before: then there is nothing whole to go back to.
 */
function putBack(set: ConfigSet, writes: readonly FileWrite[], have: HostFacts): readonly Action[] {
  if (have.files[set.entry]?.state !== 'present') return [];
  const files: FileWrite[] = [];
  for (const write of writes) {
    const fact = have.files[write.path];
    const expect = write.bytes === 'absent' ? 'absent' : sha256(write.bytes);
    if (fact?.state !== 'present') files.push({ ...write, bytes: 'absent', expect });
    // Too large to have been read, or no text.
    else if (fact.text === null || sha256(Buffer.from(fact.text, 'utf8')) !== fact.sha256) return [];
    else
      files.push({
        ...write,
        bytes: Buffer.from(fact.text, 'utf8'),
        mode: fact.mode,
        owner: fact.owner,
        secret: write.secret || hasSecrets(fact.text),
        expect,
      });
  }
  const kept = set.files.filter((file) => !writes.some(({ path }) => path === file.path));
  const before = files.flatMap((file) => (file.bytes === 'absent' ? [] : [{ ...file, bytes: file.bytes }]));
  return [
    {
      do: 'write',
      service: set.service,
      binary: set.binary,
      entry: set.entry,
      files,
      testing: [...kept, ...before],
    },
  ];
}

export function diffUnit(service: Service, file: FileWant, have: HostFacts): Change | string {
  const fact = have.files[file.path];
  const unread = have.services[service].needsDaemonReload;
  if (equal(file, fact) && !unread) return `unit ${service}.service: as wanted`;
  return {
    id: `unit:${service}`,
    kind: 'unit',
    service,
    title: `register ${service}.service`,
    why: equal(file, fact) ? 'systemd has not read the unit file yet' : `${file.path} ${reason(file, fact)}`,
    actions: [{ do: 'write-unit', service, file: { ...file, expect: digestOf(fact) } }],
    ...(fact?.state === 'present' && fact.text !== null
      ? {
          undo: [
            {
              do: 'write-unit' as const,
              service,
              file: {
                ...file,
                bytes: Buffer.from(fact.text, 'utf8'),
                mode: fact.mode,
                owner: fact.owner,
                expect: sha256(file.bytes),
              },
            },
          ],
        }
      : {}),
    diffs: equal(file, fact) ? [] : [textDiff(file, fact)],
  };
}

/** The change that takes a unit file away again; text: it is not there. */
export function removeUnit(service: Service, path: string, have: HostFacts): Change | string {
  const fact = have.files[path];
  if (fact?.state !== 'present') return `unit ${service}.service: as wanted`;
  const file = { path, mode: fact.mode, owner: fact.owner, secret: false };
  return {
    id: `unit-gone:${service}`,
    kind: 'remove-unit',
    service,
    title: `remove ${path}`,
    why: `${path} is no longer wanted`,
    actions: [{ do: 'write-unit', service, file: { ...file, bytes: 'absent', expect: fact.sha256 } }],
    ...(fact.text === null
      ? {}
      : {
          undo: [
            {
              do: 'write-unit' as const,
              service,
              file: { ...file, bytes: Buffer.from(fact.text, 'utf8'), expect: 'absent' },
            },
          ],
        }),
    diffs: [maskedDiff(path, fact.text, null)],
  };
}

/** What packages are installed from. */
export function diffRepos(files: readonly FileWant[], have: HostFacts): Change {
  return {
    id: 'repos',
    kind: 'repos',
    title: 'take packages from the vault',
    why: 'the mirrors of this system are gone, and packages.vault is true',
    ...writing(files, have),
  };
}

/** Files that no daemon tests; null when they are as wanted. */
export function putFiles(
  files: readonly FileWant[],
  have: HostFacts,
): Pick<Change, 'actions' | 'diffs'> | null {
  const differing = files.filter((file) => !equal(file, have.files[file.path]));
  return differing.length === 0 ? null : writing(differing, have);
}

const writing = (files: readonly FileWant[], have: HostFacts): Pick<Change, 'actions' | 'diffs'> => ({
  actions: [
    {
      do: 'put-files',
      files: files.map((file) => ({ ...file, expect: digestOf(have.files[file.path]) })),
    },
  ],
  diffs: files.map((file) => textDiff(file, have.files[file.path])),
});

export const owns = (set: ConfigSet, path: string): boolean =>
  set.owns.some((directory) => path.startsWith(`${directory}/`));

export const digestOf = (fact: FileFact | undefined): string =>
  fact?.state === 'present' ? fact.sha256 : 'absent';

/** How a file is once it is written. */
export const factOf = ({ bytes, mode, owner }: FileWant): FileFact & { readonly state: 'present' } => ({
  state: 'present',
  sha256: sha256(bytes),
  mode,
  owner,
  text: Buffer.from(bytes).toString('utf8'),
});

export const equal = (file: FileWant, fact: FileFact | undefined): boolean =>
  fact?.state === 'present' &&
  fact.sha256 === sha256(file.bytes) &&
  fact.mode === file.mode &&
  fact.owner === file.owner;

export function reason(file: FileWant, fact: FileFact | undefined): string {
  if (fact?.state !== 'present') return 'does not exist';
  if (fact.sha256 !== sha256(file.bytes)) return 'differs';
  if (fact.mode !== file.mode) return `has mode ${fact.mode.toString(8)}, want ${file.mode.toString(8)}`;
  return `belongs to ${fact.owner}, want ${file.owner}`;
}

export function textDiff(file: FileWant, fact: FileFact | undefined): TextDiff {
  const before = fact?.state === 'present' ? fact.text : null;
  return maskedDiff(file.path, before, Buffer.from(file.bytes).toString('utf8'));
}

/** Secrets are masked whether or not the file is still one that holds them. */
export function maskedDiff(path: string, before: string | null, after: string | null): TextDiff {
  const [maskedBefore, maskedAfter] = [before, after].map((text) => text && maskSecrets(text));
  const masked = { path, before: maskedBefore ?? null, after: maskedAfter ?? null };
  // The secret alone differs: say so, since the masked texts are equal.
  const note = before !== after && masked.before === masked.after;
  return note ? { ...masked, after: `${masked.after}# (a masked value changes)\n` } : masked;
}
