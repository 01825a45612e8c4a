/** Release tarballs of which haup knows the digest, so that an inventory need not carry it. */

import type { Tarball } from '../model/desired.ts';
import type { Service, Software } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';

/** sha256 by version, as distributions that build from the same tarballs publish it. */
const digests: Readonly<Record<Service, Readonly<Record<string, string>>>> = {
  keepalived: {
    '2.0.20': '9670fbc5eb3dc113828be8b702549dc68ec9578cf83287520d935be76fc8f193',
    '2.2.2': '103692bd5345a4ed9f4581632ea636214fdf53e45682e200aab122c4fa674ece',
    '2.2.4': '0138d69087d44beaaa589527f0cfa6885958b320a837147d02b6b7df73ebc1df',
    '2.2.7': 'c61940d874154a560a54627ecf7ef47adebdf832164368d10bf242a4d9b7d49d',
    '2.2.8': '85882eb62974f395d4c631be990a41a839594a7e62fbfebcb5649a937a7a1bb6',
    '2.3.0': '39a201fb043c426a48ac7de1ceb96d9fc8ef46e30e521b76ffe35855955c8177',
    '2.3.1': '92f4b69bfd998e2306d1995ad16fdad1b59e70be694c883385c5f55e02c62aa3',
    '2.3.2': '77f4a22e5a23fa8e49b8916acdfb584c864e72905a2f1de2a7f62ed40a896160',
    '2.3.3': '2288c5c7609fa452782b7acefa19acce742d0204dc17f54d36da46b10f8b590c',
    '2.3.4': '6afd95ddb7d3e0d3b8b8e5b3a489144131b61a01b06d29e883d0c44acc8a36bf',
    '2.4.3': 'a0faef8e401c143487b131b526df7541c1e33d9b8814642fa9dfe8bb250a9632',
  },
  nginx: {
    '1.18.0': '4c373e7ab5bf91d34a4f11a0c9496561061ba5eee6020db272a17a7228d35f99',
    '1.20.1': 'e462e11533d5c30baa05df7652160ff5979591d291736cfa5edb9fd2edb48c49',
    '1.20.2': '958876757782190a1653e14dc26dfc7ba263de310e04c113e11e97d1bef45a42',
    '1.22.1': '9ebb333a9e82b952acd3e2b4aeb1d4ff6406f72491bab6cd9fe69f0dea737f31',
    '1.24.0': '77a2541637b92a621e3ee76776c8b7b40cf6d707e69ba53a940283e30ff2f55d',
    '1.26.0': 'd2e6c8439d6c6db5015d8eaab2470ab52aef85a7bf363182879977e084370497',
    '1.26.1': 'f9187468ff2eb159260bfd53867c25ff8e334726237acf227b9e870e53d3e36b',
    '1.26.2': '627fe086209bba80a2853a0add9d958d7ebbdffa1a8467a5784c9a6b4f03d738',
    '1.26.3': '69ee2b237744036e61d24b836668aad3040dda461fe6f570f1787eab570c75aa',
    '1.28.0': 'c6b5c6b086c0df9d3ca3ff5e084c1d0ef909e6038279c71c1c3e985f576ff76a',
    '1.28.1': '40e7a0916d121e8905ef50f2a738b675599e42b2224a582dd938603fed15788e',
    '1.28.2': '20e5e0f2c917acfb51120eec2fba9a4ba4e1e10fd28465067cc87a7d81a829a3',
    '1.28.3': '2c96a946bfb0882a21744ed429770a2123ae1828c7c48665092993ddee91a918',
    '1.30.0': '058188c64bf22baecaa72b809a6318a4f9ba623889c554feab03f7cb853ab31b',
    '1.30.1': '99765000d974896b31ca5882d8c279ce3fe7ef6f5c6f9f0a967ed7fd3407f9cc',
    '1.30.2': '7df3090907fca3cc0e456d6dc00ceb230da74ea88026ceff0affc29dbbd9ac4c',
    '1.30.3': 'e5823dc6f45610993def93ebf6cfce68264af4958c77e874b7d20f3709001b8f',
    '1.30.4': '4261dc90e9e47c1c4041276e9aaa3d48ebe2e664f728e14fa95ae6c67d57a08b',
    '1.30.6': '3cf46f5ed7504d460125866b7bea99fb357f31d887e2e63b35503310e9b8b6c8',
    '1.31.0': '6d5b00d45393af2e4e7c52a442d2a198f0ccbc7678ed062a46f403edd833ebaa',
  },
};

/** The versions whose digest haup knows, oldest first. */
export const knownVersions = (software: Service): readonly string[] => Object.keys(digests[software]);

/** Throws INVENTORY_INVALID for a version whose digest neither haup nor the inventory knows. */
export function tarball(software: Service, wanted: Pick<Software, 'version' | 'sha256' | 'urls'>): Tarball {
  const sha256 = wanted.sha256?.toLowerCase() ?? digests[software][wanted.version];
  if (sha256 === undefined) {
    throw new HaupError(
      'INVENTORY_INVALID',
      `haup does not know the sha256 of ${software} ${wanted.version}, and builds nothing that it cannot check.`,
      {
        hint: `Write it as \`${software}: { sha256: … }\`, or take a version that haup knows: ${knownVersions(software).join(', ')}.`,
      },
    );
  }
  return { name: `${software}-${wanted.version}.tar.gz`, urls: wanted.urls, sha256 };
}
