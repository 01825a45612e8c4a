/**
 * Where files of a build may come to lie. A host that builds for others hands them a pack, and it is not to choose
 * where on the others its files go: below the prefix, and where the options of ./configure say. Pure.
 */

import type { BuildRecipe } from '../model/desired.ts';

/** Literal parts of an absolute path, between which anything may stand: `/a/` and nothing more is all below /a. */
export type Place = readonly string[];

/** What a pack says of itself, in a directory that is never put in place. */
export const packNotes = { directory: '/.haup-pack', names: ['features', 'libraries', 'needs'] } as const;

/** A name of a package; what apt-get or dnf would take for an option, a file or a removal is none. */
export const packageName = '[A-Za-z0-9][A-Za-z0-9._+-]*[A-Za-z0-9+]';

export function packPlaces(recipe: BuildRecipe): readonly Place[] {
  const { software, prefix } = recipe;
  return [
    [`${prefix}/`, ''],
    // Never put in place: haup has a unit of its own.
    ['', `/systemd/system/${software}.service`],
    ...(software === 'nginx' ? nginxPlaces(recipe) : keepalivedPlaces(recipe)),
  ];
}

/** `--name=/path` among the options of ./configure. */
const named = ({ configure }: BuildRecipe): readonly { readonly name: string; readonly path: string }[] =>
  configure.flatMap((option) => {
    const [, name = '', path = ''] = /^--([^=]+)=(\/[^=]*[^=/])\/*$/.exec(option) ?? [];
    return path === '' ? [] : [{ name, path }];
  });

/** What nginx puts beside its nginx.conf, each with a `.default`. */
const besideConf: readonly string[] =
  'fastcgi.conf fastcgi_params koi-utf koi-win mime.types scgi_params uwsgi_params win-utf'.split(' ');

function nginxPlaces(recipe: BuildRecipe): readonly Place[] {
  const directory = recipe.entry.replace(/[^/]+$/, '');
  return [
    ...[recipe.entry.slice(directory.length), ...besideConf].flatMap((name) => [
      [directory + name],
      [`${directory}${name}.default`],
    ]),
    ...named(recipe).flatMap(({ name, path }): readonly Place[] =>
      name === 'sbin-path'
        ? [[path]]
        : name === 'modules-path' || name === 'with-perl_modules_path'
          ? [[`${path}/`, '']]
          : [],
    ),
  ];
}

/** Its directories may be the system's own (--sysconfdir=/etc): there only what has a name of keepalived's. */
const keepalivedPlaces = (recipe: BuildRecipe): readonly Place[] =>
  named(recipe)
    .filter(({ name }) => name === 'exec-prefix' || name.endsWith('dir'))
    .flatMap(({ path }) => ['keepalived', 'genhash', '-MIB.txt'].map((own) => [`${path}/`, own, '']));

/** Does an absolute path without dots in the way lie in one of the places? */
export function liesIn(path: string, places: readonly Place[]): boolean {
  return places.some((parts) =>
    new RegExp(`^${parts.map((part) => part.replace(/\W/g, '\\$&')).join('.*')}$`, 's').test(path),
  );
}
