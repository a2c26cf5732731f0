/** The address of a proxy, as people write it: `http://user:password@proxy:3128`, `socks5h://bastion:1080`. */

export interface ProxyAddress {
  readonly kind: 'connect' | 'socks';
  /** Spoken to by TLS (`https://`). */
  readonly encrypted: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** What an address may begin with; without a scheme it is `http://`, as everywhere. SOCKS always resolves remotely. */
const schemes: Readonly<Record<string, Pick<ProxyAddress, 'kind' | 'encrypted' | 'port'>>> = {
  'http:': { kind: 'connect', encrypted: false, port: 80 },
  'https:': { kind: 'connect', encrypted: true, port: 443 },
  'socks:': { kind: 'socks', encrypted: false, port: 1080 },
  'socks5:': { kind: 'socks', encrypted: false, port: 1080 },
  'socks5h:': { kind: 'socks', encrypted: false, port: 1080 },
};

export const proxyForms =
  'http://, https://, socks5:// or socks5h://, then [user:password@]host:port (what is special in an address is percent-encoded in user and password: / is %2F, # is %23, % is %25)';

/** Null when it is none. The text may hold a password: callers must not repeat it. */
export function parseProxy(text: string): ProxyAddress | null {
  const written = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  const scheme = schemes[url.protocol];
  if (scheme === undefined || url.hostname === '' || !/^\/?$/.test(url.pathname) || url.search !== '')
    return null;
  const [user, password] = [decode(url.username), decode(url.password)];
  if (user === null || password === null) return null;
  return {
    ...scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? scheme.port : Number(url.port),
    user,
    password,
  };
}

/** `host:port`, and nothing that lets anybody in. */
export function showProxy({ host, port }: Pick<ProxyAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Everything of a proxy's address that nobody else may read, in the forms in which it could be met. */
export function secretsOf(text: string): readonly string[] {
  const proxy = parseProxy(text);
  if (proxy === null || proxy.password === '') return [];
  const { user, password } = proxy;
  const basic = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
  return [password, encodeURIComponent(password), basic];
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
