/** The roads that need nobody: as this machine resolves the name, or to the address that was named for it. */
import type { SecureContext } from 'node:tls';
import { noEndpointCode } from '../probe/silence.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { type ProxyRules, readProxyRules } from './proxy-environment.ts';
import { type Road, RoadError } from './road.ts';
import { createProxyRoad } from './road-proxy.ts';
import { connectTo } from './road-socket.ts';

/** Straight to the host, or through the proxy that the environment names for it. */
export function createDirectRoad(
  rules: ProxyRules = readProxyRules({}),
  secureContext?: SecureContext | undefined,
): Road {
  const proxies = new Map<ProxyAddress, Road>();
  return {
    via: 'direct',
    open: (ask) => {
      const proxy = rules.proxyFor(ask);
      if (proxy === null) return connectTo(ask);
      const road = proxies.get(proxy) ?? createProxyRoad({ via: 'direct', proxy, secureContext });
      proxies.set(proxy, road);
      return road.open(ask);
    },
  };
}

/**
 * To a private endpoint's address, whatever DNS says. The host's own name is kept for TLS and for the request: a
 * private endpoint serves no other (azure-platform.md §5.1).
 */
export function createPinnedRoad(address: string): Road {
  return { via: 'private-endpoint', open: (ask) => connectTo({ ...ask, host: address }) };
}

/** To a private endpoint that nobody knows: it says why, to whoever wants to go there. */
export function createMissingRoad(why: string): Road {
  return {
    via: 'private-endpoint',
    open: () => Promise.reject(new RoadError(noEndpointCode, why)),
  };
}
