/**
 * `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in small letters too, as curl and most programs read
 * them. The libraries that do this read the process's own environment; ours comes from the door.
 */
import { BlockList, isIP } from 'node:net';
import { InputError } from '../errors.ts';
import { isLoopbackName } from './loopback.ts';
import { type ProxyAddress, parseProxy, proxyForms } from './proxy-address.ts';

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** Whom a request is for. */
export interface Place {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly encrypted: boolean;
}

export interface ProxyRules {
  /** Null: none, the request goes straight to its host. */
  proxyFor(place: Place): ProxyAddress | null;
  /** The addresses as they were written: they may hold passwords. */
  readonly written: readonly string[];
}

/** @throws InputError, without the value: an address that cannot be read. */
export function readProxyRules(environment: ProxyEnvironment): ProxyRules {
  const forHttps = readProxy(environment, 'https_proxy') ?? readProxy(environment, 'all_proxy');
  const forHttp = readProxy(environment, 'http_proxy') ?? readProxy(environment, 'all_proxy');
  const exceptions = (readVariable(environment, 'no_proxy')?.value ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(readException);
  const patterns = readPatterns(environment);
  return {
    proxyFor: ({ host: written, port, encrypted }) => {
      const proxy = encrypted ? forHttps : forHttp;
      const host = written.toLowerCase().replace(/\.$/, '');
      if (proxy === null || staysHere(host)) return null;
      if (exceptions.some((fits) => fits(host, port))) return null;
      const url = writeUrl(host, port, encrypted);
      return patterns.some((pattern) => pattern.test(url)) ? null : proxy;
    },
    written: ['https_proxy', 'http_proxy', 'all_proxy'].flatMap(
      (name) => readVariable(environment, name)?.value ?? [],
    ),
  };
}

function readVariable(
  environment: ProxyEnvironment,
  name: string,
): { readonly name: string; readonly value: string } | null {
  for (const each of [name, name.toUpperCase()]) {
    const value = environment[each]?.trim();
    if (value) return { name: each, value };
  }
  return null;
}

function readProxy(environment: ProxyEnvironment, name: string): ProxyAddress | null {
  const found = readVariable(environment, name);
  if (found === null) return null;
  const proxy = parseProxy(found.value);
  if (proxy !== null) return proxy;
  throw new InputError(`The environment variable ${found.name} is not the address of a proxy.`, {
    code: 'proxy-unreadable',
    where: found.name,
    next: `Write ${proxyForms}, or unset it.`,
  });
}

/** The exceptions of an agent of Azure Pipelines: regular expressions over whole addresses, as a JSON list. */
export const patternsVariable = 'SLOTWAVE_NO_PROXY_PATTERNS';

function readPatterns(environment: ProxyEnvironment): readonly RegExp[] {
  const written = environment[patternsVariable];
  if (!written) return [];
  try {
    const list: unknown = JSON.parse(written);
    if (!Array.isArray(list)) throw new TypeError('not a list');
    return list.map((each) => new RegExp(String(each), 'i'));
  } catch (error) {
    throw new InputError('The list of addresses that go around the proxy cannot be read.', {
      code: 'proxy-unreadable',
      where: patternsVariable,
      next: 'It is a JSON list of regular expressions; an agent takes them from its file .proxybypass.',
      cause: error,
    });
  }
}

function writeUrl(host: string, port: number, encrypted: boolean): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const shownPort = port === (encrypted ? 443 : 80) ? '' : `:${port}`;
  return `${encrypted ? 'https' : 'http'}://${name}${shownPort}/`;
}

/** This machine itself, and link-local addresses (the metadata service's 169.254.169.254): no proxy leads there. */
function staysHere(host: string): boolean {
  if (isLoopbackName(host)) return true;
  const family = isIP(host);
  return family !== 0 && near.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

const near = new BlockList();
near.addSubnet('127.0.0.0', 8, 'ipv4');
near.addSubnet('169.254.0.0', 16, 'ipv4');
near.addAddress('::1', 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');

type Exception = (host: string, port: number) => boolean;

/** `*`, a host and everything below it, `.suffix`, `*.suffix`, an address, a network (`10.0.0.0/8`), each with a port or without. */
function readException(entry: string): Exception {
  const { host: pattern, port } = splitPort(entry.toLowerCase());
  const fitsHost = readPattern(pattern);
  return (host, asked) => (port === null || port === asked) && fitsHost(host);
}

function readPattern(pattern: string): (host: string) => boolean {
  if (pattern === '*') return () => true;
  const network = readNetwork(pattern);
  if (network !== null) return network;
  if (isIP(pattern) !== 0) return (host) => host === pattern;
  const suffix = pattern.replace(/^\*?\.?/, '');
  return (host) => host === suffix || host.endsWith(`.${suffix}`);
}

function readNetwork(pattern: string): ((host: string) => boolean) | null {
  const [address = '', bits = ''] = pattern.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return null;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) === family && network.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function splitPort(entry: string): { readonly host: string; readonly port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  // Without brackets, more than one colon is an address of its own.
  return { host: bracketed ?? plain ?? entry, port: port === undefined ? null : Number(port) };
}
