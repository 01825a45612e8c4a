/** What haup put on a host and the inventory does not want any more. Pure. */

import { hasSecrets, maskSecrets } from '../base/masking.ts';
import type { DesiredHost } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { firewallFiles } from '../model/firewall-rules.ts';
import type { Action, FileWrite } from '../model/action.ts';
import type { Change, TextDiff } from '../model/plan.ts';

/** The files that haup wrote and that nothing wants any more. */
export function leftoverFiles(want: DesiredHost, have: HostFacts): readonly string[] {
  const wanted = new Set(
    want.resources.flatMap((resource) =>
      resource.kind === 'config'
        ? resource.set.files.map(({ path }) => path)
        : resource.kind === 'unit'
          ? [resource.file.path]
          : resource.kind === 'init'
            ? resource.files.map(({ path }) => path)
            : [],
    ),
  );
  // Repo files stay with what is installed from them, and those of a firewall with the rules that they keep, also
  // while it is off: they go with the rest when haup is removed.
  return have.record.files.filter(
    (path) => !wanted.has(path) && !path.startsWith('/etc/yum.repos.d/') && !firewallFiles.includes(path),
  );
}

/** The files of `paths` as they were before haup; null when none of them is there. */
export function giveBack(paths: readonly string[], have: HostFacts): Change | null {
  const present = paths.flatMap((path) => {
    const fact = have.files[path];
    return fact?.state === 'present' ? [{ path, fact }] : [];
  });
  if (present.length === 0) return null;
  const undo: FileWrite[] = present.flatMap(({ path, fact }) =>
    fact.text === null
      ? []
      : [
          {
            path,
            bytes: Buffer.from(fact.text, 'utf8'),
            mode: fact.mode,
            owner: fact.owner,
            secret: hasSecrets(fact.text ?? ''),
            // What haup had found there is back by then, and is not what the plan knew.
            expect: 'any',
          },
        ],
  );
  return {
    id: 'leftover:files',
    kind: 'leftover',
    title: `remove ${present.length} file${present.length === 1 ? '' : 's'} that haup wrote`,
    why: `no longer wanted: ${present.map(({ path }) => path).join(', ')}`,
    actions: [
      {
        do: 'put-files',
        files: present.map(({ path, fact }) => ({
          path,
          bytes: 'absent',
          mode: 0,
          owner: 'root:root',
          secret: false,
          expect: fact.sha256,
        })),
      },
    ],
    undo: undo.length === present.length ? [{ do: 'put-files', files: undo }] : [],
    diffs: present.map(
      ({ path, fact }): TextDiff => ({ path, before: fact.text && maskSecrets(fact.text), after: null }),
    ),
  };
}

/** Builds that haup put in place under a prefix that nothing wants any more. */
export function leftoverBuilds(want: DesiredHost, have: HostFacts): readonly Change[] {
  const wanted = want.resources.flatMap((one) => (one.kind === 'build' ? [one.recipe] : []));
  return have.record.builds
    .filter(({ service, prefix }) => !wanted.some((one) => one.software === service && one.prefix === prefix))
    .map(removeBuild);
}

export function removeBuild({ service, prefix }: HostFacts['record']['builds'][number]): Change {
  return {
    id: `remove-build:${service}`,
    kind: 'remove-build',
    service,
    title: `remove the ${service} built under ${prefix}`,
    why: 'it is no longer used',
    actions: [{ do: 'remove-build', service, prefix }],
    diffs: [],
  };
}

/** Which packages belong to a service's own software. */
const ownPackages: Readonly<Record<Service, RegExp>> = {
  keepalived: /^keepalived(-|$)/,
  nginx: /^(lib)?nginx(-|$)/,
};

/** A package that haup installed of a service that is built now; one that haup found stays, and it is said why. */
export function leftoverPackages(want: DesiredHost, have: HostFacts): readonly (Change | string)[] {
  const manager = have.packageManager;
  if (manager === null) return [];
  return services.flatMap((service): readonly (Change | string)[] => {
    const built = want.resources.some((one) => one.kind === 'build' && one.recipe.software === service);
    const version = have.packages[service];
    if (!built || version === undefined) return [];
    const names = have.record.packages.filter((name) => ownPackages[service].test(name));
    if (!names.includes(service)) {
      return [`package ${service} ${version}: stays, since haup did not install it; its unit is not used`];
    }
    const action: Action = { do: 'remove-packages', manager, names, purge: false };
    return [
      {
        id: `remove-package:${service}`,
        kind: 'remove-package',
        title: `remove the package ${service}`,
        why: `${service} is built from source now, and haup had installed the package`,
        actions: [action],
        diffs: [],
      },
    ];
  });
}
