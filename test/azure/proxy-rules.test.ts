import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getProxyForUrl } from 'proxy-from-env';
import { parseProxy, secretsOf, showProxy } from '../../src/azure/proxy-address.ts';
import { readProxyRules } from '../../src/azure/proxy-environment.ts';
import { InputError } from '../../src/errors.ts';
import { isPrivateAddress } from '../../src/probe/private-address.ts';

const place = (text: string) => {
  const url = new URL(text);
  const encrypted = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || (encrypted ? 443 : 80)),
    encrypted,
  };
};

function proxyOf(environment: Readonly<Record<string, string>>, url: string): string | null {
  const proxy = readProxyRules(environment).proxyFor(place(url));
  return proxy && showProxy(proxy);
}

describe('which proxy a request goes through', () => {
  it.each([
    [{}, 'https://a.example', null],
    [{ HTTPS_PROXY: 'http://p:1' }, 'https://a.example', 'p:1'],
    [{ HTTPS_PROXY: 'http://p:1' }, 'http://a.example', null],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://a.example', 'p:1'],
    [{ HTTP_PROXY: 'http://p:1' }, 'https://a.example', null],
    [{ ALL_PROXY: 'socks5://p:1' }, 'https://a.example', 'p:1'],
    [{ ALL_PROXY: 'http://p:1', HTTPS_PROXY: 'http://q:2' }, 'https://a.example', 'q:2'],
    [{ https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:2' }, 'https://a.example', 'p:1'],
    [{ HTTPS_PROXY: ' ' }, 'https://a.example', null],
    [{ HTTPS_PROXY: 'p:3128' }, 'https://a.example', 'p:3128'],
  ])('%j: %s by %s', (environment: Readonly<Record<string, string>>, url, expected) => {
    expect(proxyOf(environment, url)).toBe(expected);
  });

  it.each([
    'https://localhost:8443',
    'https://orders.azurewebsites.localhost',
    'https://127.0.0.7',
    'https://[::1]:8443',
    'http://169.254.169.254/metadata/identity',
    'https://[fe80::1]',
  ])('%s is never behind one', (url) => {
    expect(proxyOf({ ALL_PROXY: 'http://p:1' }, url)).toBeNull();
  });
});

describe('NO_PROXY', () => {
  /** The last column: whether the library that reads the process's environment says the same. */
  const rows: readonly (readonly [string, string, boolean, boolean?])[] = [
    ['a.example', 'https://a.example', true],
    ['a.example', 'https://A.Example', true],
    ['a.example', 'https://b.example', false],
    ['.example', 'https://a.example', true],
    ['*.example', 'https://a.b.example', true],
    ['*.example', 'https://an-example', false],
    ['ample', 'https://a.example', false],
    ['*', 'https://a.example', true],
    ['x.test, a.example', 'https://a.example', true],
    ['x.test a.example', 'https://a.example', true],
    ['a.example:443', 'https://a.example', true],
    ['a.example:8443', 'https://a.example', false],
    ['a.example:8443', 'https://a.example:8443', true],
    ['10.0.0.4', 'https://10.0.0.4', true],
    ['10.0.0.4', 'https://10.0.0.40', false],
    ['', 'https://a.example', false],
    // As curl, Go and Python do; the library holds a plain name against that name alone.
    ['example', 'https://a.example', true, false],
    ['a.example', 'https://a.example.', true, false],
    ['10.0.0.0/8', 'https://10.9.8.7', true, false],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/33', 'https://10.0.0.1', false],
    ['[fd00::4]:8443', 'https://[fd00::4]:8443', true, false],
    ['fd00::/8', 'https://[fd00::4]', true, false],
  ];
  it.each(rows)('%j leaves %s out: %s', (noProxy, url, left) => {
    expect(proxyOf({ HTTPS_PROXY: 'http://p:1', no_proxy: noProxy }, url)).toBe(left ? null : 'p:1');
  });

  const before = { ...process.env };
  beforeAll(() => {
    process.env['https_proxy'] = 'http://p:1';
  });
  afterAll(() => {
    process.env = before;
  });
  it.each(rows.filter(([, , , agrees = true]) => agrees))(
    '%j, %s: proxy-from-env agrees',
    (noProxy, url, left) => {
      process.env['no_proxy'] = noProxy;
      expect(getProxyForUrl(url) === '').toBe(left);
    },
  );
});

describe("a proxy's address", () => {
  it.each([
    ['http://proxy', { kind: 'connect', encrypted: false, host: 'proxy', port: 80 }],
    ['https://proxy:3128/', { kind: 'connect', encrypted: true, host: 'proxy', port: 3128 }],
    ['proxy:3128', { kind: 'connect', encrypted: false, host: 'proxy', port: 3128 }],
    ['socks5://proxy', { kind: 'socks', host: 'proxy', port: 1080 }],
    ['socks5h://[fd00::4]:1081', { kind: 'socks', host: 'fd00::4', port: 1081 }],
    ['http://me:a%40b@proxy:1', { user: 'me', password: 'a@b', host: 'proxy', port: 1 }],
  ])('%s', (text, expected) => expect(parseProxy(text)).toMatchObject(expected));

  it.each([
    '',
    'socks4://proxy:1',
    'ftp://proxy',
    'http://',
    'http://proxy:99999',
    'http://proxy/path',
    'http://%zz@p:1',
  ])('is not %j', (text) => expect(parseProxy(text)).toBeNull());

  it('is told without what lets anybody in', () => {
    const proxy = parseProxy('http://me:hunter22@[fd00::4]:1');
    expect(proxy && showProxy(proxy)).toBe('[fd00::4]:1');
    expect(secretsOf('http://me:a%40b@proxy:1')).toEqual([
      'a@b',
      'a%40b',
      Buffer.from('me:a@b').toString('base64'),
    ]);
    expect(secretsOf('http://me@proxy:1')).toEqual([]);
  });

  it('that cannot be read names its variable, and not what stands in it', () => {
    let thrown: unknown;
    try {
      readProxyRules({ HTTPS_PROXY: 'gopher://me:hunter22@proxy' });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InputError);
    expect(thrown).toMatchObject({ code: 'proxy-unreadable', where: 'HTTPS_PROXY' });
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain('hunter22');
  });
});

describe('an address', () => {
  it.each([
    ['10.1.2.3', true],
    ['172.15.255.255', false],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['192.169.0.1', false],
    ['100.63.255.255', false],
    ['100.64.0.1', true],
    ['100.127.255.255', true],
    ['100.128.0.1', false],
    ['127.0.0.1', true],
    ['169.254.1.1', true],
    ['20.50.2.1', false],
    ['203.0.113.10', false],
    ['::1', true],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe00::1', false],
    ['fe80::1%eth0', true],
    ['fec0::1', false],
    ['2603:1020::1', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:20.50.2.1', false],
    ['orders.example', false],
    ['', false],
  ])('%s is private: %s', (address, expected) => expect(isPrivateAddress(address)).toBe(expected));
});
