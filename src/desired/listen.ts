/** nginx's `listen`, read as far as the health check needs it. */

export interface HealthUrl {
  readonly url: string;
  /** Null: a site answers there. Else what a server of haup's own has to listen on. */
  readonly extraListen: string | null;
}

interface Listen {
  /** Where on the host itself it answers; null: only on some outer address. */
  readonly loopback: string | null;
  readonly port: number;
  readonly tls: boolean;
}

/** Where `/haup/host` answers on the host itself, whatever the sites listen on. Plain HTTP if it can be had. */
export function healthUrl(listens: readonly string[]): HealthUrl {
  const read = listens.flatMap((text) => parseListen(text) ?? []);
  const [best] = read
    .filter((one) => one.loopback !== null)
    .toSorted((a, b) => Number(a.tls) - Number(b.tls));
  if (best !== undefined) {
    return {
      url: `${best.tls ? 'https' : 'http'}://${best.loopback}:${best.port}/haup/host`,
      extraListen: null,
    };
  }
  const port = read[0]?.port ?? 80;
  return { url: `http://127.0.0.1:${port}/haup/host`, extraListen: `127.0.0.1:${port}` };
}

/** The ports that answer on some outer address, each once. */
export const openPorts = (listens: readonly string[]): readonly number[] => [
  ...new Set(
    listens.flatMap((text) => {
      const read = parseListen(text);
      const inner = /^(localhost|127\.|\[::1\])/.test(text.trim());
      return read === null || inner ? [] : [read.port];
    }),
  ),
];

/** Null for a unix socket and for a protocol that is not TCP. */
function parseListen(text: string): Listen | null {
  const [where = '', ...parameters] = text.trim().split(/\s+/);
  if (where.startsWith('unix:') || parameters.includes('quic')) return null;
  const address = where.replace(/:?\d+$/, '') || '*';
  // `listen 127.0.0.1;` names no port, and its last octet is not one.
  const whole = /^\d+(\.\d+){3}$/.test(where) || where.endsWith(']') ? where : address;
  return {
    loopback: loopbackOf(whole),
    port: Number((whole === where ? null : /\d+$/.exec(where)?.[0]) ?? 80),
    tls: parameters.includes('ssl'),
  };
}

function loopbackOf(address: string): string | null {
  if (['*', '0.0.0.0', 'localhost'].includes(address)) return '127.0.0.1';
  if (address.startsWith('127.') || address === '[::1]') return address;
  return address === '[::]' ? '[::1]' : null;
}
