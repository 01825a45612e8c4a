/**
 * The repo files of a CentOS whose mirrors are gone, with the vault in their place. Only what a stock file
 * has is changed, line by line as `sed` would: mirrorlist= becomes a comment, and the commented baseurl=
 * comes into force, at the vault of the same domain. gpgcheck stays as it is, and so does http: the keys
 * protect the packages, and the old certificates of such a system would only be in the way.
 */

import type { FileWant } from '../model/desired.ts';
import type { HostFacts } from '../model/facts.ts';
import { fileWant } from './file-want.ts';
import { redHatMajor } from '../base/red-hat.ts';

export const repoDirectory = '/etc/yum.repos.d';

/** The repo files that have to change; empty elsewhere, and when all of them are as they should be. */
export function vaultFiles(facts: HostFacts): readonly FileWant[] {
  const major = redHatMajor(facts.os);
  if (facts.os.id !== 'centos' || (major !== 7 && major !== 8)) return [];
  return Object.entries(facts.files).flatMap(([path, fact]) => {
    if (fact.state !== 'present' || fact.text === null) return [];
    if (!/^\/etc\/yum\.repos\.d\/(CentOS-|epel)[^/]*\.repo$/.test(path)) return [];
    const text = towardsVault(fact.text);
    return text === fact.text ? [] : [fileWant(path, Buffer.from(text, 'utf8'), fact.mode)];
  });
}

/** Pure, and a second time changes nothing. */
export function towardsVault(text: string): string {
  // A section begins at its [name]; what comes before the first has no keys.
  return text
    .split(/^(?=\[)/m)
    .map(section)
    .join('');
}

function section(text: string): string {
  // A baseurl in force was chosen: a local mirror, or the vault already.
  if (/^\s*baseurl\s*=/m.test(text) || !/^(mirrorlist|metalink)=/m.test(text)) return text;
  const moved = text
    .replace(/^#\s*baseurl=http:\/\/mirror\.([^/\s]+)\//m, 'baseurl=http://vault.$1/')
    .replace(/^#\s*baseurl=(https?:\/\/[^/\s]+)\/pub\/epel\//m, 'baseurl=$1/pub/archive/epel/');
  return moved === text ? text : moved.replace(/^(mirrorlist|metalink)=/gm, '#$1=');
}
