/** Roads that are broken on purpose: whose they are, from where, and what their cause is called. */
import type { CauseCode } from '../../src/probe/causes.ts';
import type { Place } from './lab.ts';
import { proxyLogin } from './services.ts';
import { at, ports } from './topology.ts';
import { fleet, subscription } from './world.ts';

export interface Broken {
  readonly site: string;
  readonly vantage: string;
  readonly cause: CauseCode;
  /** What whoever reads the sentence needs from it. */
  readonly said: RegExp;
}

export const inHub: Place = { network: 'hub', dns: 'private' };
export const onRunner: Place = {
  network: 'runner',
  dns: 'public',
  environment: { PROXY_USER: proxyLogin.user, PROXY_PASSWORD: proxyLogin.password },
};

const direct = '{ via: direct }';
export const through = (proxy: string) => `{ via: proxy, proxy: "${proxy}" }`;
const here = (site: string, cause: CauseCode, said: RegExp, vantage = direct): Broken => ({
  site,
  vantage,
  cause,
  said,
});

/** In the network, where names are resolved as they should be, and lead to what is not well. */
export const seenFromHub: readonly Broken[] = [
  here('gone', 'name-unknown', /gone\.azurewebsites\.net/),
  here('orders-weu', 'dns-silent', /10\.1\.0\.66/, '{ via: dns, servers: ["10.1.0.66"] }'),
  here('walled', 'no-route', /10\.1\.9\.9/),
  here('pending', 'private-endpoint-pending', /10\.1\.0\.33|Pending/),
  here('deaf', 'connection-refused', /10\.1\.0\.1/),
  here('dumb', 'tls-broken', /10\.0\.0\.23/),
  here('mute', 'no-answer', /10\.0\.0\.25/),
  here('misled', 'tls-name-mismatch', /intranet\.contoso\.test/),
  here('stranger', 'tls-unknown-authority', /10\.0\.0\.22|slotwave emulator CA/),
  here('expired', 'tls-expired', /20\d\d/),
  here('orders-neu', 'wrong-host', /10\.1\.0\.4/, `{ via: private-endpoint, address: ${fleet[0]!.live} }`),
  here('stopped', 'app-stopped', /stopped/i),
  here('failing', 'host-error', /queue/),
  here('empty', 'host-without-functions', /function/),
  here('guarded', 'app-unauthorised', /401/),
  here('forbidding', 'app-forbids', /403/),
];

/** Outside, where the internet's names lead to closed doors, and the ways in have doors of their own. */
export const seenFromRunner: readonly Broken[] = [
  here('orders-weu', 'private-zone-not-linked', /203\.0\.113\.10/),
  here('restricted', 'ip-forbidden', /403/),
  here('orders-neu', 'no-route', /10\.2\.0\.4/, `{ via: dns, servers: ["${at.hub}"] }`),
  here('filtered', 'proxy-refused', /10\.0\.0\.1:8888/, through(`http://${at.hub}:${ports.proxy}`)),
  here('guarded', 'proxy-credentials', /10\.0\.0\.1:8889/, through(`http://${at.hub}:${ports.lockedProxy}`)),
  here('forbidding', 'proxy-unreachable', /10\.0\.0\.1:9/, through(`http://${at.hub}:9`)),
  here('walled', 'proxy-no-way', /10\.0\.0\.1:1080/, through(`socks5://${at.hub}:${ports.socks}`)),
  // Whoever has the password comes through, and sees how the app is.
  here(
    'stopped',
    'app-stopped',
    /stopped/i,
    through(`http://\${env:PROXY_USER}:\${env:PROXY_PASSWORD}@${at.hub}:${ports.lockedProxy}`),
  ),
  here('empty', 'host-without-functions', /function/, through(`socks5://${at.hub}:${ports.socks}`)),
];

const endpointAt = (address: string) => `{ via: private-endpoint, address: ${address} }`;

/** Outside, and on the way to a staging slot: nothing is different there for its SCM site. */
export const seenAtScm: readonly Broken[] = [
  here('orders-weu', 'private-zone-not-linked', /203\.0\.113\.10/),
  here('gone', 'name-unknown', /gone-staging/),
  here('deaf', 'connection-refused', /10\.0\.0\.1/, endpointAt(at.hub)),
  here('misled', 'tls-name-mismatch', /intranet/, endpointAt(at.intranet)),
  here('stranger', 'tls-unknown-authority', /10\.0\.0\.22/, endpointAt(at.stranger)),
  here('expired', 'tls-expired', /20\d\d/, endpointAt(at.expired)),
  here('guarded', 'proxy-credentials', /8889/, through(`http://${at.hub}:${ports.lockedProxy}`)),
  here('forbidding', 'proxy-unreachable', /10\.0\.0\.1:9/, through(`http://${at.hub}:9`)),
];

/** A config whose targets are called after their sites, or otherwise. */
export function configFor(broken: readonly Broken[], more = '', nameOf = ({ site }: Broken) => site): string {
  const group = `/subscriptions/${subscription}/resourceGroups/lab/providers/Microsoft.Web/sites`;
  const targets = broken.map(
    (one) => `    - { name: ${nameOf(one)}, resourceId: ${group}/${one.site}, vantage: ${one.vantage} }`,
  );
  return `app: orders
package: ./app
fleet:
  targets:
${targets.join('\n')}
probes:
  timeout: 3s
  checks: [{ name: health, path: /api/health${more} }]
`;
}
