/**
 * What text values of an inventory may contain. Every pattern keeps its value inert: nothing that passes can
 * end a line, a quote, a directive or a word of a command, whether it ends up in keepalived.conf, nginx.conf,
 * a unit file or sh. Values that may hold a space (paths on this machine, options for ./configure, listen)
 * are quoted where they are used.
 */

export const name: RegExp = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
export const device: RegExp = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
export const cidr4: RegExp = new RegExp(`^(${octet}\\.){3}${octet}(/(3[0-2]|[12]\\d|[1-9]))?$`);
/** Four numbers are an IPv4 address or a typo, never a name; one colon means a port, and IPv6 has more. */
export const hostAddress: RegExp =
  /^(?![^:]*:[^:]*$)(?!\d+(\.\d+){3}$(?<!^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)))[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,252}$/;
export const user: RegExp = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/;
const jumpHop = '([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*(:\\d{1,5})?';
export const jump: RegExp = new RegExp(`^${jumpHop}(,${jumpHop})*$`);
export const absolute: RegExp = /^(?!.*\/\.{1,2}(\/|$))(\/[A-Za-z0-9_.+-]+)+$/;
export const localPath: RegExp = /^[\p{L}\p{N}_.~/][\p{L}\p{M}\p{N}_.~/@+ :-]*$/u;
export const reference: RegExp =
  /^(env:[A-Za-z_][A-Za-z0-9_]*(:-[^\x00-\x1f\x7f]*)?|(file|cmd):[^\x00-\x1f\x7f]+)$/;
/** Keys whose value is one. */
export const secretKeys: ReadonlySet<string> = new Set(['auth_pass', 'password', 'sudo_password']);
export const configureOption: RegExp =
  /^(?!--prefix(=|$))--[A-Za-z0-9][A-Za-z0-9_-]*(=[A-Za-z0-9_.,/:@%+= ~-]*)?$/;
export const url: RegExp = /^(https?:\/\/[A-Za-z0-9]|file:\/\/\/)([A-Za-z0-9._~:/?%&=+,-]|\{version\})*$/;
export const listen: RegExp = new RegExp(
  `^((${octet}\\.){3}${octet}:|\\[[0-9A-Fa-f:]+\\]:|\\*:)?[1-9]\\d{0,4}( default_server)?( ssl)?$`,
);
export const serverName: RegExp = /^(_|(\*\.|\.)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?(\.\*)?)$/;
export const upstream: RegExp =
  /^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[1-9]\d{0,4})?$/;
