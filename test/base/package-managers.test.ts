import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { familyNames, packageManagerEntries, packageNames } from '../../src/base/package-managers.ts';
import { packageManagers } from '../../src/model/package-manager.ts';

const os = (id: string, version: string) => ({ id, version, name: '' });

test.each(packageManagers)('%s has a lock to look for, scripts, and names of its family alone', (manager) => {
  const { family, heldLocks, names } = packageManagerEntries[manager];
  expect(heldLocks.length).toBeGreaterThan(0);
  expect(existsSync(join(import.meta.dirname, `../../templates/scripts/packages-${family}.sh`))).toBe(true);
  for (const system of [
    os('debian', '12'),
    os('centos', '7'),
    os('rocky', '9'),
    os('fedora', '41'),
    os('', ''),
  ]) {
    const all = (Object.keys(names) as (keyof typeof names)[]).flatMap((part) =>
      packageNames(manager, part, system),
    );
    expect(familyNames(family)).toEqual(expect.arrayContaining(all));
  }
});

test.each([
  ['yum', os('centos', '7'), 'pkgconfig', 'zlib-devel'],
  ['yum', os('amzn', '2'), 'pkgconfig', 'zlib-devel'],
  ['dnf', os('rocky', '8'), 'pkgconf-pkg-config', 'zlib-devel'],
  ['dnf', os('rhel', '10'), 'pkgconf-pkg-config', 'zlib-ng-compat-devel'],
  ['dnf', os('fedora', '39'), 'pkgconf-pkg-config', 'zlib-devel'],
  ['dnf', os('fedora', '40'), 'pkgconf-pkg-config', 'zlib-ng-compat-devel'],
] as const)('%s on %o', (manager, system, pkgConfig, zlib) => {
  expect(packageNames(manager, 'pkgConfig', system)).toEqual([pkgConfig]);
  expect(packageNames(manager, 'zlib', system)).toEqual([zlib]);
});
