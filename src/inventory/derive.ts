/** What a file may leave out, from what it says. */

import { bare } from '../base/address.ts';
import type { WrittenHost, WrittenVip } from './schema.ts';
import type { Loose } from './parts.ts';

/** The address of a host: `address`, Ansible's key for it, or the name itself. */
export const addressOf = (name: string, host: Loose<WrittenHost>): string =>
  host.address ?? host.ansible_host ?? name;

/** keepalived's instance name of the VIP at an index. */
export const vipName = (vip: Loose<WrittenVip>, index: number): string => vip.name ?? `VI_${index + 1}`;

/** The VRID as written, else the last octet of the address (the rules refuse 0). */
export function routerIdOf(vip: Loose<WrittenVip>): number | undefined {
  if (vip.virtual_router_id !== undefined) return vip.virtual_router_id;
  return vip.address === undefined ? undefined : Number(bare(vip.address).split('.')[3]);
}
