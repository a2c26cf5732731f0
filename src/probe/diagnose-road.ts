/** Causes between here and the app: the connection, the proxy, the certificate. */
import { approvedAddresses, hasPrivateLink, privateNames } from './diagnose-name.ts';
import { readTls } from './diagnose-tls.ts';
import { type DiagnosisFacts, listed, type Named, nameHost } from './diagnosis.ts';
import { isPrivateAddress } from './private-address.ts';
import type { RoadFacts } from './road.ts';
import { noEndpointCode, roadOf, type Silence, silenceOf, viaWords } from './silence.ts';

const noRouteCodes = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM', 'EADDRNOTAVAIL']);

/** Nothing answered: how far did it come, and who stood in the way? */
export function readSilence(facts: DiagnosisFacts): Named | null {
  const silence = silenceOf(facts);
  if (silence === null) return null;
  const road = roadOf(facts);
  const { code } = silence;
  if (road?.stage === 'proxy' || code.startsWith('PROXY_')) return readProxy(facts, silence, road);
  if (code === noEndpointCode) return isPending(facts) ? pending(facts) : missing(facts, silence);
  const tls = readTls(facts, silence, road);
  if (tls) return tls;
  const isUnconnected = code === 'ETIMEDOUT' && road?.stage === 'connect';
  if (noRouteCodes.has(code) || isUnconnected || code === 'ECONNREFUSED') {
    if (isPending(facts)) return pending(facts);
    if (isUnlinked(facts)) return unlinked(facts, tellNoConnection(code));
    return code === 'ECONNREFUSED' ? refused(facts) : noRoute(facts, code);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return cut(facts, road);
  return code === 'ETIMEDOUT' || code === 'ABORTED' ? unanswered(facts) : null;
}

/** There are private endpoints, and none that lets anybody in. */
export function isPending({ site }: Pick<DiagnosisFacts, 'site'>): boolean {
  const endpoints = site?.endpoints ?? [];
  return endpoints.length > 0 && !endpoints.some(({ status }) => /^approved$/i.test(status));
}

export function pending(facts: DiagnosisFacts): Named {
  const endpoints = facts.site?.endpoints ?? [];
  const told = listed(endpoints.map(({ name, status }) => `${name} is ${status}`));
  return {
    code: 'private-endpoint-pending',
    certainty: 'certain',
    said: `${nameHost(facts)} lets nobody in: of its private endpoints none is approved (${told}).`,
    next: 'Have the connection approved by the owner of the app (Networking, Private endpoints, Approve; or az network private-endpoint-connection approve), then look again. Without an approved endpoint its address answers nobody.',
  };
}

function missing(facts: DiagnosisFacts, { said }: Silence): Named {
  const endpoints = facts.site?.endpoints ?? null;
  const told =
    endpoints === null
      ? said.replace(`${facts.host}: `, '').replace(/[.\s]+$/, '')
      : endpoints.length === 0
        ? 'of this slot Azure lists none'
        : `Azure does not tell its address (${listed(endpoints.map(({ name, status }) => `${name} is ${status}`))})`;
  return {
    code: 'private-endpoint-missing',
    certainty: 'certain',
    said: `${nameHost(facts)} is to be looked at through its private endpoint, and ${told}.`,
    next: 'Each slot needs a private endpoint of its own, the staging slot too. Where Azure does not tell its address, give it with the target: vantage: { via: private-endpoint, addresses: { live: 10.1.0.4, beside: 10.1.0.5 } }.',
  };
}

/** It leads to a public address, and by name or by ARM there is a private endpoint. */
export function isUnlinked(facts: DiagnosisFacts): boolean {
  const road = roadOf(facts);
  if (road?.via === 'private-endpoint' || (road !== null && road.isPrivate === true)) return false;
  const addresses = publicAddresses(facts);
  const hasEndpoint =
    approvedAddresses(facts) !== null ||
    (road !== null && hasPrivateLink(road)) ||
    facts.names.some(hasPrivateLink);
  return hasEndpoint && (addresses.length > 0 || (road !== null && road.proxy !== null));
}

function publicAddresses(facts: DiagnosisFacts): readonly string[] {
  const road = roadOf(facts);
  const seen = road?.address ? [road.address] : (road?.addresses ?? []);
  const own = facts.names.find(({ resolver }) => resolver === 'the system')?.addresses ?? [];
  return (seen.length > 0 ? seen : own).filter((address) => !isPrivateAddress(address));
}

export function unlinked(facts: DiagnosisFacts, then: string): Named {
  const { zone } = privateNames(facts.host);
  const road = roadOf(facts);
  const addresses = publicAddresses(facts);
  const to =
    addresses.length > 0 ? `the public address ${listed(addresses, 2)}` : 'an address that it does not tell';
  const chain = [...(road?.cnames ?? []), ...facts.names.flatMap(({ cnames }) => cnames)].find((name) =>
    /(^|\.)privatelink\./i.test(name),
  );
  const why = chain ? `although its name leads over ${chain}` : 'although it has a private endpoint';
  const inside = approvedAddresses(facts)?.[0];
  const pinned = inside
    ? `vantage: { via: private-endpoint, address: ${inside} }`
    : 'vantage: { via: private-endpoint }';
  return {
    code: 'private-zone-not-linked',
    certainty: addresses.length > 0 ? 'certain' : 'likely',
    said: `${nameHost(facts)} leads to ${to} ${viaWords(facts)}, ${why}${inside ? ` (${inside})` : ''}; ${then}.`,
    next: `Link the private DNS zone ${zone} to the network whose DNS is asked here, or forward the name to a DNS server that sees it. Without touching DNS: ${pinned}, or vantage: { via: dns, servers: [<the resolver's inbound address>] }.`,
  };
}

function tellNoConnection(code: string): string {
  return code === 'ECONNREFUSED' ? 'there the connection is refused' : `no connection comes about (${code})`;
}

function tellAddress(facts: DiagnosisFacts): string {
  const road = roadOf(facts);
  const address = road?.address ?? road?.addresses[0] ?? null;
  if (address === null) return nameHost(facts);
  const port = road === null ? '' : ` port ${road.port}`;
  return `${nameHost(facts)} is at ${address}${port} (${isPrivateAddress(address) ? 'private' : 'public'})`;
}

function noRoute(facts: DiagnosisFacts, code: string): Named {
  const road = roadOf(facts);
  const address = road?.address ?? road?.addresses[0];
  const inner = address !== undefined && isPrivateAddress(address);
  return {
    code: 'no-route',
    certainty: 'certain',
    said: `${tellAddress(facts)}, and no connection comes about ${viaWords(facts)} (${code}).`,
    next: inner
      ? `Check the way from where slotwave runs to ${address}: peering or VPN between the two networks, routes (a route table may send it to a firewall that drops it), network security groups on the subnet of the endpoint. nc -vz ${address} ${road?.port ?? 443} shows it.`
      : 'Check whether the network of the runner lets HTTPS out to this address: firewall, outbound rules, or a proxy that has to be used (HTTPS_PROXY, or vantage: { via: proxy }).',
  };
}

function refused(facts: DiagnosisFacts): Named {
  return {
    code: 'connection-refused',
    certainty: 'certain',
    said: `${tellAddress(facts)}, and the connection is refused: something is there, and nobody listens on that port (ECONNREFUSED).`,
    next: 'Is the address still the one of the private endpoint? A stale DNS record or a pinned address of an endpoint that was deleted looks like this; so does a firewall that rejects. Compare with the endpoint in Azure.',
  };
}

function cut(facts: DiagnosisFacts, road: RoadFacts | null): Named {
  const when = road?.stage === 'tls' ? 'during the TLS handshake' : 'before an answer came';
  return {
    code: 'connection-cut',
    certainty: 'likely',
    said: `${tellAddress(facts)}, and the connection is cut ${when}.`,
    next: 'A firewall that looks into TLS or blocks by host name cuts like this, and so does an app that is just being restarted. Look again; when it stays, ask who runs the firewall for its log of this address.',
  };
}

function unanswered(facts: DiagnosisFacts): Named {
  const isConnected = roadOf(facts)?.stage === 'request';
  const front =
    facts.request?.kind === 'answer' ? `, although / was answered with ${facts.request.status}` : '';
  return {
    code: 'no-answer',
    certainty: isConnected ? 'certain' : 'likely',
    said: `${tellAddress(facts)}${isConnected ? ', is connected to,' : ''} and answers nothing in time${front}.`,
    next: 'A host that starts holds requests: look again in a minute, or give probes.timeout more. When it stays, look at the log stream of the app: it hangs while starting.',
  };
}

function readProxy(facts: DiagnosisFacts, { code, said }: Silence, road: RoadFacts | null): Named {
  const proxy = road?.proxy ?? 'of the config or of HTTPS_PROXY';
  const refusal = road?.proxyRefusal ?? said;
  const host = facts.host;
  if (code === 'PROXY_AUTH_REQUIRED')
    return {
      code: 'proxy-credentials',
      certainty: 'certain',
      said: `The proxy ${proxy} wants credentials, or does not take those it was given (${refusal}).`,
      next: 'Give user and password in its address, and the address from the environment: vantage: { via: proxy, proxy: "${env:PROXY_URL}" }, or in HTTPS_PROXY. Special characters in a password have to be percent-encoded.',
    };
  const findWay = `Look from where the proxy stands: does ${host} resolve there to the private address, and is there a route? The proxy resolves the name, not this machine.`;
  // Most proxies try for longer than anybody waits here, and say nothing meanwhile.
  if (code === 'ETIMEDOUT' && road?.proxyReached)
    return {
      code: 'proxy-no-way',
      certainty: 'likely',
      said: `The proxy ${proxy} took the request and brought no connection to ${nameHost(facts)} about in time.`,
      next: findWay,
    };
  if (code !== 'PROXY_REFUSED')
    return {
      code: 'proxy-unreachable',
      certainty: 'certain',
      said: /no sound answer/.test(said)
        ? `What listens at ${proxy} does not speak as a proxy.`
        : `The proxy ${proxy} cannot be reached (${codeIn(said) ?? code}).`,
      next: 'Check its address and port, and that it runs and listens there. Where no proxy is meant to be used, see HTTPS_PROXY, ALL_PROXY and NO_PROXY in the environment.',
    };
  if (hasNoWay(refusal))
    return {
      code: 'proxy-no-way',
      certainty: 'certain',
      said: `The proxy ${proxy} took the request and found no way to ${nameHost(facts)} (${refusal}).`,
      next: findWay,
    };
  return {
    code: 'proxy-refused',
    certainty: 'certain',
    said: `The proxy ${proxy} refuses to connect to ${nameHost(facts)} (${refusal}).`,
    next: `Have ${host} and port 443 allowed in the rules of the proxy, for the address of this machine or its user. SCM sites have names of their own (…scm.azurewebsites.net).`,
  };
}

/** The road tells the network's own code at the end of its sentence. */
function codeIn(said: string): string | undefined {
  return /\((E[A-Z_]+)\)\.?$/.exec(said)?.[1];
}

/** 4xx is a rule of the proxy's; 5xx and most of SOCKS's replies say that it tried. */
function hasNoWay(refusal: string): boolean {
  if (/\b4\d\d\b/.test(refusal)) return false;
  return /\b5\d\d\b|failure|unreachable|refused|ttl/i.test(refusal);
}
