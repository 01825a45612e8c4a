/** Builds that cannot work on a host, known before anything is uploaded. */

import type { BuildRecipe } from '../model/desired.ts';
import type { HostFacts, OsFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { atLeast } from '../base/version.ts';
import { redHatMajor } from '../base/red-hat.ts';
import { ipPackage, pcreGeneration, usesOpenssl, usesPcre } from './package-needs.ts';
import { anyPackageManager } from '../model/package-manager.ts';

interface Obstacle {
  /** Why it cannot work, a sentence. */
  readonly cause: string;
  /** What would work. */
  readonly hint: string;
}

/** Null: nothing is known that would stop this build. */
function obstacle(recipe: BuildRecipe, facts: HostFacts): Obstacle | null {
  return recipe.software === 'nginx' ? nginxObstacle(recipe, facts) : keepalivedObstacle(recipe, facts);
}

/** Throws BUILD_IMPOSSIBLE. */
export function refuseImpossible(recipe: BuildRecipe, facts: HostFacts): void {
  const found = obstacle(recipe, facts);
  if (found === null) return;
  throw new HaupError(
    'BUILD_IMPOSSIBLE',
    `${recipe.software} ${recipe.version} cannot be built on ${facts.os.name || facts.os.id}: ${found.cause}`,
    { host: facts.host, hint: found.hint },
  );
}

function nginxObstacle(recipe: BuildRecipe, facts: HostFacts): Obstacle | null {
  const without = recipe.configure.find((one) => /^--without-(http|http_rewrite_module|pcre)$/.test(one));
  if (without !== undefined) {
    return {
      cause: `${without} leaves out what answers /haup/host, by which haup knows which host answered.`,
      hint: `Remove ${without} from nginx.configure.`,
    };
  }
  // 1.21.0 and 1.21.1 came between 1.20.2 and the fix on the main line.
  const knowsOpenssl3 = atLeast(recipe.version, '1.21.2') || /^1\.20\.[2-9]/.test(recipe.version);
  if (usesOpenssl(recipe) && !knowsOpenssl3 && opensslMajor(facts) >= 3 && !ignoresDeprecation(recipe)) {
    return {
      cause: 'it does not compile against OpenSSL 3, which this system has.',
      hint: 'nginx 1.20.2, or 1.22.1 and newer, can: set nginx.version. Or add --with-cc-opt=-Wno-error=deprecated-declarations to nginx.configure, or leave the SSL modules out of it.',
    };
  }
  if (
    usesPcre(recipe) &&
    pcreGeneration(recipe) === 1 &&
    !facts.libraries.pcre1 &&
    !packagesPcre1(facts.os)
  ) {
    return {
      cause: 'it needs the headers of PCRE1 (pcre.h), which this system no longer packages.',
      hint: 'nginx 1.22.1 and newer use PCRE2: set nginx.version.',
    };
  }
  return null;
}

function keepalivedObstacle(recipe: BuildRecipe, facts: HostFacts): Obstacle | null {
  const oldCompiler = redHatMajor(facts.os) === 7;
  if (
    oldCompiler &&
    atLeast(recipe.version, '2.2.7') &&
    !recipe.configure.includes('--disable-track-process')
  ) {
    return {
      cause: 'it needs gcc 4.9 or newer for track_process, and this system has gcc 4.8.',
      hint: 'Add --disable-track-process to keepalived.configure, or set keepalived.version to 2.2.4.',
    };
  }
  return null;
}

const ignoresDeprecation = (recipe: BuildRecipe): boolean =>
  recipe.configure.some((one) => one.startsWith('--with-cc-opt=') && /-Wno-(error|deprecated)/.test(one));

/** 0 when unknown. Facts name the shared library: `3`, `1.1`, and `10` for Red Hat's 1.0. */
function opensslMajor(facts: HostFacts): number {
  const found = facts.libraries.openssl;
  if (found !== null) return found === '10' ? 1 : Number.parseInt(found, 10);
  const major = Number.parseInt(facts.os.version, 10);
  const since3: Readonly<Record<string, number>> = { debian: 12, ubuntu: 22, fedora: 36 };
  const first = since3[facts.os.id] ?? (redHatMajor(facts.os) === null ? null : 9);
  return first !== null && major >= first ? 3 : 0;
}

/** Systems of which it is known that PCRE1 has left them; any other may still have it. */
function packagesPcre1(os: OsFacts): boolean {
  const major = Number.parseInt(os.version, 10);
  const gone: Readonly<Record<string, number>> = { debian: 13, ubuntu: 25 };
  const first = gone[os.id] ?? (redHatMajor(os) === null ? null : 10);
  return first === null || Number.isNaN(major) || major < first;
}

/** Throws HOST_UNSUPPORTED: of a program that haup's scripts call, and that no package would bring. */
export function refuseWithoutTools(facts: HostFacts): void {
  const [tool] = facts.lacks ?? [];
  if (tool === undefined) return;
  const name = ipPackage(facts);
  if (name !== null && facts.packages[name] === undefined) return;
  throw new HaupError('HOST_UNSUPPORTED', `The host has no program ${tool}, which haup needs there.`, {
    host: facts.host,
    hint:
      name === null
        ? `It has no ${anyPackageManager} either: install ${tool} by hand (iproute2).`
        : `Its package ${name} is installed, but ${tool} is in no directory of PATH: install the package again.`,
  });
}
