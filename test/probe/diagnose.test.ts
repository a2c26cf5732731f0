import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CauseCode, causeCodes } from '../../src/probe/causes.ts';
import { diagnose } from '../../src/probe/diagnose.ts';
import {
  type DiagnosisFacts,
  decisiveFinding,
  type EndpointState,
  type RequestFacts,
  type SiteState,
} from '../../src/probe/diagnosis.ts';
import type { RoadFacts, RoadStage } from '../../src/probe/road.ts';
import type { Finding } from '../../src/probe/verdict.ts';

const host = 'orders-weu.azurewebsites.net';
const scmHost = 'orders-weu.scm.azurewebsites.net';
const link = 'orders-weu.privatelink.azurewebsites.net';

const makeRoad = (stage: RoadStage, facts: Partial<RoadFacts> = {}): RoadFacts => ({
  via: 'direct',
  host,
  port: 443,
  stage,
  cnames: [],
  addresses: [],
  address: null,
  isPrivate: null,
  proxy: null,
  proxyRefusal: null,
  certificate: null,
  ...facts,
});

const inside: Partial<RoadFacts> = { addresses: ['10.1.0.4'], address: '10.1.0.4', isPrivate: true };
const outside: Partial<RoadFacts> = { addresses: ['20.50.2.1'], address: '20.50.2.1', isPrivate: false };
const proxied: Partial<RoadFacts> = { via: 'proxy', proxy: '10.9.0.8:3128' };

const makeFacts = (facts: Partial<DiagnosisFacts>): DiagnosisFacts => ({
  door: 'app',
  host,
  findings: [],
  road: null,
  request: null,
  site: null,
  names: [],
  ...facts,
});

/** The look got no answer. */
const silent = (code: string, road: RoadFacts | null, more: Partial<DiagnosisFacts> = {}): DiagnosisFacts =>
  makeFacts({
    findings: [{ check: 'host', condition: 'unreachable', said: `${host}: ${code}`, code }],
    road,
    ...more,
  });

const found = (finding: Partial<Finding>, more: Partial<DiagnosisFacts> = {}): DiagnosisFacts =>
  makeFacts({
    findings: [{ check: 'host', condition: 'unhealthy', said: 'as it was', ...finding }],
    road: makeRoad('answered', inside),
    ...more,
  });

const answered = (
  page: Extract<RequestFacts, { kind: 'answer' }>['page'],
  status: number,
  road: Partial<RoadFacts> = inside,
): RequestFacts => ({ kind: 'answer', status, page, road: makeRoad('answered', road) });

const makeSite = (facts: Partial<SiteState> = {}): SiteState => ({
  state: 'Running',
  publicNetworkAccess: null,
  endpoints: [],
  ...facts,
});

const approved: EndpointState = { name: 'pe-weu', status: 'Approved', addresses: ['10.1.0.4'] };
const waiting: EndpointState = { name: 'pe-weu', status: 'Pending', addresses: [] };
const byHub = { resolver: '10.0.0.53', cnames: [link], addresses: ['10.1.0.4'], code: null };

interface Row {
  readonly says: string;
  readonly facts: DiagnosisFacts;
  readonly code: CauseCode;
  /** What a reader needs to find in what was seen. */
  readonly seen: readonly string[];
  readonly next: readonly string[];
}

const names: readonly Row[] = [
  {
    says: 'a name that nobody knows',
    facts: silent('ENOTFOUND', makeRoad('name'), { site: makeSite({ endpoints: [approved] }) }),
    code: 'name-unknown',
    seen: [host, '10.1.0.4'],
    next: ['nslookup orders-weu.azurewebsites.net', 'privatelink.azurewebsites.net'],
  },
  {
    says: 'a name that another name server knows',
    facts: silent('ENOTFOUND', makeRoad('name'), { names: [{ ...byHub, cnames: [] }] }),
    code: 'name-unknown',
    seen: [host, '10.0.0.53 says 10.1.0.4 (private)'],
    next: ['vantage: { via: dns, servers: [10.0.0.53] }'],
  },
  {
    says: 'a linked zone without the record',
    facts: silent('ENOTFOUND', makeRoad('name', { cnames: [link] }), {
      site: makeSite({ endpoints: [approved] }),
    }),
    code: 'private-record-missing',
    seen: [host, 'privatelink.azurewebsites.net'],
    next: ['A record orders-weu ', '10.1.0.4', 'orders-weu.scm'],
  },
  {
    says: 'a linked zone without the record of the SCM site',
    facts: makeFacts({
      door: 'scm',
      host: scmHost,
      request: { kind: 'silence', code: 'ENOTFOUND', said: 'unknown', road: makeRoad('name') },
      names: [{ resolver: 'the system', cnames: [link], addresses: [], code: 'ENODATA' }],
    }),
    code: 'private-record-missing',
    seen: ['SCM'],
    next: ['A record orders-weu.scm '],
  },
  {
    says: 'name servers that say nothing',
    facts: silent('EAI_AGAIN', makeRoad('name')),
    code: 'dns-silent',
    seen: ['EAI_AGAIN', host],
    next: ['port 53'],
  },
  {
    says: 'name servers that let a request wait',
    facts: silent('ETIMEDOUT', makeRoad('name', { via: 'dns' }), {
      names: [{ resolver: '10.1.0.66', cnames: [], addresses: [], code: 'ETIMEOUT' }],
    }),
    code: 'dns-silent',
    seen: ['name servers of the vantage', 'No answer from 10.1.0.66'],
    next: ['servers'],
  },
  {
    says: 'a public address in spite of the privatelink name',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', { ...outside, cnames: [link] })),
    code: 'private-zone-not-linked',
    seen: ['20.50.2.1', link, '403 Ip Forbidden'],
    next: ['Link the private DNS zone privatelink.azurewebsites.net', 'via: private-endpoint', 'via: dns'],
  },
  {
    says: 'a public address that does not answer, and an endpoint in ARM',
    facts: silent('ETIMEDOUT', makeRoad('connect', outside), { site: makeSite({ endpoints: [approved] }) }),
    code: 'private-zone-not-linked',
    seen: ['20.50.2.1', '10.1.0.4', 'no connection'],
    next: ['vantage: { via: private-endpoint, address: 10.1.0.4 }'],
  },
  {
    says: 'the same behind a proxy, which resolves names itself',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', proxied), {
      site: makeSite({ endpoints: [approved] }),
    }),
    code: 'private-zone-not-linked',
    seen: ['through the proxy 10.9.0.8:3128', '10.1.0.4'],
    next: ['Link the private DNS zone'],
  },
];

const connections: readonly Row[] = [
  {
    says: 'a slot without a private endpoint to look through',
    facts: silent('ENDPOINT_UNKNOWN', null, { site: makeSite() }),
    code: 'private-endpoint-missing',
    seen: [host, 'Azure lists none'],
    next: ['private endpoint of its own', 'addresses: { live:'],
  },
  {
    says: 'an endpoint whose address Azure does not tell',
    facts: silent('ENDPOINT_UNKNOWN', null, {
      site: makeSite({ endpoints: [{ ...approved, addresses: [] }] }),
    }),
    code: 'private-endpoint-missing',
    seen: ['pe-weu is Approved'],
    next: ['addresses: { live:'],
  },
  {
    says: 'endpoints that Azure does not list',
    facts: silent('ENDPOINT_UNKNOWN', null),
    code: 'private-endpoint-missing',
    seen: ['private endpoint, and ENDPOINT_UNKNOWN.'],
    next: ['addresses: { live:'],
  },
  {
    says: 'an endpoint that nobody approved, to look through',
    facts: silent('ENDPOINT_UNKNOWN', null, { site: makeSite({ endpoints: [waiting] }) }),
    code: 'private-endpoint-pending',
    seen: ['pe-weu is Pending'],
    next: ['approved by the owner'],
  },
  {
    says: 'a private address without a route',
    facts: silent('ETIMEDOUT', makeRoad('connect', inside)),
    code: 'no-route',
    seen: ['10.1.0.4', 'private', '443', 'ETIMEDOUT'],
    next: ['peering or VPN', 'nc -vz 10.1.0.4 443'],
  },
  {
    says: 'a network that says that it has no route',
    facts: silent('EHOSTUNREACH', makeRoad('connect', inside)),
    code: 'no-route',
    seen: ['10.1.0.4', 'EHOSTUNREACH'],
    next: ['routes'],
  },
  {
    says: 'a public address that the runner may not reach',
    facts: silent('ENETUNREACH', makeRoad('connect', outside)),
    code: 'no-route',
    seen: ['20.50.2.1', 'public'],
    next: ['HTTPS_PROXY'],
  },
  {
    says: 'an address at which nobody listens',
    facts: silent('ECONNREFUSED', makeRoad('connect', inside)),
    code: 'connection-refused',
    seen: ['10.1.0.4', '443', 'refused'],
    next: ['private endpoint'],
  },
  {
    says: 'a connection that is cut in the handshake',
    facts: silent('ECONNRESET', makeRoad('tls', inside)),
    code: 'connection-cut',
    seen: ['10.1.0.4', 'TLS handshake'],
    next: ['firewall'],
  },
  {
    says: 'an app that takes a request and keeps it',
    facts: silent('ETIMEDOUT', makeRoad('request', inside)),
    code: 'no-answer',
    seen: ['10.1.0.4', 'is connected to'],
    next: ['probes.timeout'],
  },
  {
    says: 'an endpoint that nobody approved',
    facts: silent('ETIMEDOUT', makeRoad('connect', inside), { site: makeSite({ endpoints: [waiting] }) }),
    code: 'private-endpoint-pending',
    seen: ['pe-weu is Pending'],
    next: ['approved by the owner'],
  },
  {
    says: 'a proxy that is not there',
    facts: silent('PROXY_UNREACHABLE', makeRoad('proxy', proxied)),
    code: 'proxy-unreachable',
    seen: ['10.9.0.8:3128'],
    next: ['HTTPS_PROXY', 'NO_PROXY'],
  },
  {
    says: 'a proxy that lets the connection wait',
    facts: silent('ETIMEDOUT', makeRoad('proxy', proxied)),
    code: 'proxy-unreachable',
    seen: ['10.9.0.8:3128', 'ETIMEDOUT'],
    next: ['address and port'],
  },
  {
    says: 'a proxy that takes the request and lets it wait',
    facts: silent('ETIMEDOUT', makeRoad('proxy', { ...proxied, proxyReached: true })),
    code: 'proxy-no-way',
    seen: ['10.9.0.8:3128', 'in time', host],
    next: ['from where the proxy stands'],
  },
  {
    says: 'a proxy that wants credentials',
    facts: silent('PROXY_AUTH_REQUIRED', makeRoad('proxy', { ...proxied, proxyRefusal: 'HTTP 407' })),
    code: 'proxy-credentials',
    seen: ['10.9.0.8:3128', '407'],
    next: ['percent-encoded'],
  },
  {
    says: 'a proxy that does not like the host name',
    facts: silent('PROXY_REFUSED', makeRoad('proxy', { ...proxied, proxyRefusal: 'HTTP 403' })),
    code: 'proxy-refused',
    seen: ['10.9.0.8:3128', '403', host],
    next: [`Have ${host}`],
  },
  {
    says: 'a proxy that gets no further',
    facts: silent('PROXY_REFUSED', makeRoad('proxy', { ...proxied, proxyRefusal: 'HTTP 502' })),
    code: 'proxy-no-way',
    seen: ['10.9.0.8:3128', '502'],
    next: ['from where the proxy stands'],
  },
];

const certificate = { names: ['*.contoso.example'], issuer: 'CN=Contoso', validToMs: Date.UTC(2026, 0, 31) };

const certificates: readonly Row[] = [
  {
    says: 'a certificate for another name',
    facts: silent('ERR_TLS_CERT_ALTNAME_INVALID', makeRoad('tls', { ...inside, certificate })),
    code: 'tls-name-mismatch',
    seen: ['*.contoso.example', host, '10.1.0.4'],
    next: ['stale DNS record'],
  },
  {
    says: 'a privatelink name asked for as a host',
    facts: { ...silent('ERR_TLS_CERT_ALTNAME_INVALID', makeRoad('tls', inside)), host: link },
    code: 'tls-name-mismatch',
    seen: [link],
    next: ['real host name'],
  },
  {
    says: 'an authority that is not known here',
    facts: silent('SELF_SIGNED_CERT_IN_CHAIN', makeRoad('tls', { ...inside, certificate })),
    code: 'tls-unknown-authority',
    seen: ['CN=Contoso', 'SELF_SIGNED_CERT_IN_CHAIN'],
    next: ['--ca FILE'],
  },
  {
    says: 'a certificate of last year',
    facts: silent('CERT_HAS_EXPIRED', makeRoad('tls', { ...inside, certificate })),
    code: 'tls-expired',
    seen: ['2026-01-31'],
    next: ['clock'],
  },
  {
    says: 'something else than TLS',
    facts: silent('EPROTO', makeRoad('tls', inside)),
    code: 'tls-broken',
    seen: ['EPROTO', '10.1.0.4'],
    next: ['openssl s_client'],
  },
];

const fronts: readonly Row[] = [
  {
    says: 'the network of the app, with public access off',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', outside), {
      site: makeSite({ publicNetworkAccess: 'Disabled' }),
    }),
    code: 'ip-forbidden',
    seen: ['403 Ip Forbidden', 'publicNetworkAccess: Disabled', '20.50.2.1'],
    next: ['private endpoint'],
  },
  {
    says: 'an access restriction',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', outside), {
      site: makeSite({ publicNetworkAccess: 'Enabled' }),
    }),
    code: 'ip-forbidden',
    seen: ['access restriction'],
    next: ['Allow the address of this machine'],
  },
  {
    says: 'an SCM site that is closed from here',
    facts: makeFacts({ door: 'scm', host: scmHost, request: answered('ip-forbidden', 403, outside) }),
    code: 'ip-forbidden',
    seen: [scmHost, 'SCM'],
    next: ['delivery: { mode: pull'],
  },
  {
    says: 'an endpoint that nobody approved, seen from outside',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', outside), {
      site: makeSite({ endpoints: [waiting] }),
    }),
    code: 'private-endpoint-pending',
    seen: ['pe-weu is Pending'],
    next: ['Approve'],
  },
  {
    says: 'an address of somebody else',
    facts: found({ code: 'UNKNOWN_SITE', status: 404 }),
    code: 'wrong-host',
    seen: ['10.1.0.4', host],
    next: ['defaultHostName'],
  },
  {
    says: 'a stopped app that says so',
    facts: found({ code: 'SITE_STOPPED', status: 403 }),
    code: 'app-stopped',
    seen: [host, '403'],
    next: ['az functionapp start'],
  },
  {
    says: 'a stopped app whose key Azure does not tell',
    facts: found({ condition: 'unreachable', code: 'KEY_NOT_YET' }, { site: makeSite({ state: 'Stopped' }) }),
    code: 'app-stopped',
    seen: ['says Azure'],
    next: ['az functionapp start'],
  },
  {
    says: 'a front end without a host',
    facts: found(
      { condition: 'starting', code: 'NOT_UP', status: 503 },
      { request: answered('front-end', 503) },
    ),
    code: 'host-down',
    seen: ['503', 'no host is up'],
    next: ['log stream'],
  },
];

const apps: readonly Row[] = [
  {
    says: 'a sign-in in front of the app',
    facts: found({ code: 'SIGN_IN', status: 401, said: "401 for the host's status" }),
    code: 'app-unauthorised',
    seen: [host, '401'],
    next: ['exclude /admin'],
  },
  {
    says: 'a check without its key',
    facts: found({ check: 'health', code: 'STATUS', status: 401, said: 'GET /api/health answered 401' }),
    code: 'app-unauthorised',
    seen: ['GET /api/health answered 401'],
    next: ['"health"', 'headers'],
  },
  {
    says: 'the app\'s own "403"',
    facts: found({ check: 'health', code: 'STATUS', status: 403, said: 'GET /api/health answered 403' }),
    code: 'app-forbids',
    seen: ['the app itself answers 403', 'not the network'],
    next: ['"health"'],
  },
  {
    says: 'a key that Azure refuses',
    facts: found({ condition: 'unreachable', code: 'KEY_REFUSED', said: 'no host key: no right' }),
    code: 'key-refused',
    seen: ['no right'],
    next: ['Website Contributor', 'listkeys/action'],
  },
  {
    says: 'a key that Azure cannot tell yet',
    facts: found({
      condition: 'unreachable',
      code: 'KEY_NOT_YET',
      said: 'no host key: 400 from host runtime',
    }),
    code: 'host-starting',
    seen: ['400 from host runtime'],
    next: ['AzureWebJobsStorage'],
  },
  {
    says: 'a host that starts',
    facts: found({ condition: 'starting', code: 'NOT_UP', status: 503 }),
    code: 'host-starting',
    seen: ['503'],
    next: ['in a minute'],
  },
  {
    says: 'a host in error',
    facts: found({ code: 'HOST_ERROR', said: 'Error, with the error "No storage"' }),
    code: 'host-error',
    seen: ['No storage'],
    next: ['host.json'],
  },
  {
    says: 'a page instead of a host',
    facts: found({ code: 'NOT_A_HOST' }),
    code: 'not-a-host',
    seen: ['no function host'],
    next: ['gateway'],
  },
  {
    says: 'a slot that is not there',
    facts: found({ check: 'slot', code: 'SLOT_MISSING', said: 'there is no slot "staging"' }),
    code: 'slot-missing',
    seen: ['no slot "staging"'],
    next: ['fleet.targets[].slot', 'az functionapp deployment slot create'],
  },
  {
    says: 'a host without functions',
    facts: found({ check: 'functions', code: 'NO_FUNCTIONS' }),
    code: 'host-without-functions',
    seen: ['lists no functions'],
    next: ['entry file', 'slotwave package --list'],
  },
  {
    says: 'missing functions',
    facts: found({ check: 'functions', code: 'FUNCTION_MISSING', said: 'not listed: pay' }),
    code: 'functions-missing',
    seen: ['pay'],
    next: ['probes.functions'],
  },
  {
    says: 'the release of yesterday',
    facts: found({
      check: 'release',
      condition: 'starting',
      code: 'OTHER_RELEASE',
      said: 'release r-1 answers, expected r-2',
    }),
    code: 'other-release',
    seen: ['r-1', 'r-2'],
    next: ['slotwave status'],
  },
  {
    says: 'a slow check',
    facts: found({ check: 'health', code: 'TOO_SLOW', said: '1900 ms, at most 800 ms are allowed' }),
    code: 'too-slow',
    seen: ['1900 ms', '800 ms'],
    next: ['expect.maxLatency'],
  },
  {
    says: 'a check that hangs',
    facts: found({ check: 'health', condition: 'starting', code: 'ETIMEDOUT', said: 'no answer in 5 s' }),
    code: 'too-slow',
    seen: ['"health"', '5 s'],
    next: ['probes.timeout'],
  },
  {
    says: 'a check that fails',
    facts: found({ check: 'health', code: 'STATUS', status: 500, said: 'GET /api/health answered 500' }),
    code: 'check-failed',
    seen: ['"health"', '500'],
    next: ['exception'],
  },
  {
    says: 'a check with another text',
    facts: found({ check: 'health', code: 'WRONG_ANSWER', said: 'without the text "ok"' }),
    code: 'check-failed',
    seen: ['"health"', '"ok"'],
    next: ['probes.checks'],
  },
  {
    says: 'an answer over a public address',
    facts: found({ check: 'private', code: 'PUBLIC_ANSWER', said: '20.50.2.1 answered, which is public' }),
    code: 'public-answer',
    seen: ['20.50.2.1'],
    next: ['requirePrivate'],
  },
  {
    says: 'an address behind a proxy',
    facts: found({ check: 'private', condition: 'unreachable', code: 'PRIVATE_UNKNOWN' }),
    code: 'address-unknown',
    seen: [host],
    next: ['proxy'],
  },
  {
    says: 'an open door',
    facts: found({ check: 'exposure', code: 'EXPOSED', said: 'the public way is open' }),
    code: 'exposed',
    seen: ['public'],
    next: ['publicNetworkAccess: Disabled'],
  },
  {
    says: 'a certificate that ends soon',
    facts: found({ check: 'certificate', code: 'CERTIFICATE_ENDS', said: '3 days are left' }),
    code: 'certificate-ends',
    seen: ['3 days'],
    next: ['daysLeft'],
  },
  {
    says: 'a secret that the slot may not read',
    facts: found({ check: 'references', code: 'REFERENCE_UNRESOLVED', said: 'DB: AccessToKeyVaultDenied' }),
    code: 'reference-unresolved',
    seen: ['DB: AccessToKeyVaultDenied'],
    next: ['Key Vault Secrets User'],
  },
  {
    says: 'a dependency that the app does not reach',
    facts: found({ check: 'dependency sql.example:1433', code: 'DEPENDENCY_CLOSED' }),
    code: 'dependency-unreachable',
    seen: ['sql.example:1433'],
    next: ['security groups'],
  },
  {
    says: 'a certificate that nobody saw',
    facts: found({ check: 'certificate', condition: 'unreachable', code: 'CERTIFICATE_UNKNOWN' }),
    code: 'certificate-unseen',
    seen: [host, 'certificate'],
    next: ['probes.certificate'],
  },
  {
    says: 'an Azure that does not answer for the app',
    facts: silent('ARM_SILENT', null),
    code: 'azure-silent',
    seen: ['ARM_SILENT', 'Azure'],
    next: ['Look again'],
  },
  {
    says: 'an Azure that does not let us ask',
    facts: silent('ARM_403', null),
    code: 'azure-silent',
    seen: ['ARM_403'],
    next: ['Website Contributor'],
  },
  {
    says: 'a site that is none: no /admin',
    facts: found({ code: 'STATUS', status: 404, said: "404 for the host's status" }),
    code: 'not-a-host',
    seen: ['404'],
    next: ['no function app'],
  },
  {
    says: 'something that speaks no HTTP',
    facts: silent('HPE_INVALID_CONSTANT', makeRoad('request', inside)),
    code: 'not-a-host',
    seen: ['HPE_INVALID_CONSTANT'],
    next: ['no function app'],
  },
  {
    says: 'a host that breaks when it is asked',
    facts: found({ check: 'functions', code: 'STATUS', status: 500, said: '500 for the list of functions' }),
    code: 'host-error',
    seen: ['500 for the list of functions'],
    next: ['log stream'],
  },
  {
    says: 'a check that says too much to be read',
    facts: found({
      check: 'health',
      condition: 'unreachable',
      code: 'EANSWERTOOLONG',
      said: 'longer than 1 MiB',
    }),
    code: 'check-failed',
    seen: ['"health"', 'longer than'],
    next: ['probes.checks'],
  },
  {
    says: 'what nobody knows',
    facts: found({ code: 'STATUS', status: 418, said: "418 for the host's status" }),
    code: 'unexplained',
    seen: ['418'],
    next: ['slotwave probe --json'],
  },
];

/** Two things are wrong at once: the first one on the road is told, and nothing else hides it. */
const both: readonly Row[] = [
  {
    says: 'stopped, and its name unknown: the name first, and the stop is not kept back',
    facts: silent('ENOTFOUND', makeRoad('name'), { site: makeSite({ state: 'Stopped' }) }),
    code: 'name-unknown',
    seen: ['Azure says that it is stopped'],
    next: ['nslookup'],
  },
  {
    says: 'a zone that is not linked, and public access off: not the access is to be changed',
    facts: silent('IP_FORBIDDEN', makeRoad('answered', outside), {
      site: makeSite({ publicNetworkAccess: 'Disabled', endpoints: [approved] }),
    }),
    code: 'private-zone-not-linked',
    seen: ['10.1.0.4'],
    next: ['Link'],
  },
  {
    says: 'no key from Azure, and no way to the app: the way',
    facts: found(
      { condition: 'unreachable', code: 'KEY_NOT_YET' },
      { request: { kind: 'silence', code: 'ECONNREFUSED', said: 'x', road: makeRoad('connect', inside) } },
    ),
    code: 'connection-refused',
    seen: ['10.1.0.4'],
    next: ['private endpoint'],
  },
  {
    says: 'no key from Azure, and a front end that lets nobody in: the front end',
    facts: found(
      { condition: 'unreachable', code: 'KEY_REFUSED' },
      { request: answered('ip-forbidden', 403, outside) },
    ),
    code: 'ip-forbidden',
    seen: ['Ip Forbidden'],
    next: ['Allow'],
  },
  {
    says: 'a failed check and a silent one: what is wrong outweighs what is silent',
    facts: {
      ...found({ check: 'health', code: 'STATUS', status: 500, said: 'answered 500' }),
      findings: [
        { check: 'other', condition: 'unreachable', said: 'cut', code: 'ECONNRESET' },
        { check: 'health', condition: 'unhealthy', said: 'answered 500', code: 'STATUS', status: 500 },
      ],
    },
    code: 'check-failed',
    seen: ['health'],
    next: ['exception'],
  },
  {
    says: 'one endpoint rejected, another approved: the endpoint is not the cause',
    facts: silent('ETIMEDOUT', makeRoad('connect', inside), {
      site: makeSite({ endpoints: [{ ...waiting, status: 'Rejected' }, approved] }),
    }),
    code: 'no-route',
    seen: ['10.1.0.4'],
    next: ['peering'],
  },
  {
    says: 'a proxy whose own name is unknown: the proxy, not the app',
    facts: silent('ENOTFOUND', makeRoad('proxy', proxied)),
    code: 'proxy-unreachable',
    seen: ['ENOTFOUND'],
    next: ['NO_PROXY'],
  },
];

const rows = [...names, ...connections, ...certificates, ...fronts, ...apps];

describe('a diagnosis', () => {
  it.each([...rows, ...both])('names $says: $code', ({ facts, code, seen, next }) => {
    const told = diagnose(facts);
    expect(told.code).toBe(code);
    for (const words of seen) expect(told.said).toContain(words);
    for (const words of next) expect(told.next).toContain(words);
    expect(told).toMatchObject({ door: facts.door, host: facts.host, docs: `docs/diagnosis/${code}.md` });
    for (const text of [told.said, told.next]) expect(text).toMatch(/^\w.*[.?]$/);
  });

  it.each(['DEPENDENCY_UNKNOWN', 'EXPOSURE_UNKNOWN', 'NOT_THROUGH_ARM'])(
    'is never made from what could not be asked: %s',
    (code) => {
      const unasked: Finding = { check: 'beside', condition: 'unasked', said: 'not from here', code };
      expect(decisiveFinding({ findings: [unasked] })).toBeNull();
      const health: Finding = {
        check: 'health',
        condition: 'unhealthy',
        said: '500',
        code: 'STATUS',
        status: 500,
      };
      expect(diagnose(makeFacts({ findings: [unasked, health] })).code).toBe('check-failed');
    },
  );

  it('has a row for every cause', () => {
    const shown = new Set(rows.map(({ code }) => code));
    expect(causeCodes.filter((code) => !shown.has(code))).toEqual([]);
  });

  it('always finds one cause, whatever the facts, and never throws', () => {
    const known = new Set<string>(causeCodes);
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const told = diagnose(facts);
        expect(known.has(told.code)).toBe(true);
        expect(told.said.length).toBeGreaterThan(10);
        expect(told.said.length).toBeLessThanOrEqual(1_001);
        expect(diagnose(facts)).toEqual(told);
      }),
      { numRuns: 300 },
    );
  });
});

const text = fc.string({ maxLength: 80, unit: 'binary' });
const codes = [
  'ENOTFOUND',
  'ENODATA',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EPROTO',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'PROXY_REFUSED',
  'PROXY_UNREACHABLE',
  'IP_FORBIDDEN',
  'KEY_NOT_YET',
  'KEY_REFUSED',
  'STATUS',
  'NOT_UP',
  'TOO_SLOW',
  'constructor',
];
const someCode = fc.oneof(fc.constantFrom(...codes), text);
const someRoad: fc.Arbitrary<RoadFacts> = fc.record({
  via: fc.constantFrom('direct', 'private-endpoint', 'dns', 'proxy', 'arm'),
  host: text,
  port: fc.nat(65_535),
  stage: fc.constantFrom('name', 'connect', 'proxy', 'tls', 'request', 'answered'),
  cnames: fc.array(fc.oneof(text, fc.constant(link)), { maxLength: 3 }),
  addresses: fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6()), { maxLength: 3 }),
  address: fc.option(fc.oneof(text, fc.ipV4())),
  isPrivate: fc.option(fc.boolean()),
  proxy: fc.option(text),
  proxyRefusal: fc.option(text),
  certificate: fc.option(
    fc.record({ names: fc.array(text, { maxLength: 3 }), issuer: text, validToMs: fc.double() }),
  ),
});
const someFinding: fc.Arbitrary<Finding> = fc.record({
  check: text,
  condition: fc.constantFrom('healthy', 'unhealthy', 'starting', 'unreachable'),
  said: text,
  code: fc.option(someCode, { nil: undefined }),
  status: fc.option(fc.nat(999), { nil: undefined }),
});
const anyFacts: fc.Arbitrary<DiagnosisFacts> = fc.record({
  door: fc.constantFrom('app', 'scm'),
  host: fc.oneof(text, fc.constant(host)),
  findings: fc.array(someFinding, { maxLength: 4 }),
  road: fc.option(someRoad),
  request: fc.option(
    fc.oneof(
      fc.record({
        kind: fc.constant('answer' as const),
        status: fc.nat(999),
        page: fc.constantFrom('ip-forbidden', 'stopped', 'unknown-site', 'front-end', 'sign-in', 'app'),
        road: fc.option(someRoad),
      }),
      fc.record({
        kind: fc.constant('silence' as const),
        code: someCode,
        said: text,
        road: fc.option(someRoad),
      }),
    ),
  ),
  site: fc.option(
    fc.record({
      state: fc.option(fc.constantFrom('Running', 'Stopped')),
      publicNetworkAccess: fc.option(fc.constantFrom('Enabled', 'Disabled')),
      endpoints: fc.option(
        fc.array(
          fc.record({
            name: text,
            status: fc.constantFrom('Approved', 'Pending', 'Rejected'),
            addresses: fc.array(fc.ipV4(), { maxLength: 2 }),
          }),
          { maxLength: 2 },
        ),
      ),
    }),
  ),
  names: fc.array(
    fc.record({
      resolver: text,
      cnames: fc.array(text, { maxLength: 2 }),
      addresses: fc.array(fc.ipV4(), { maxLength: 2 }),
      code: fc.option(someCode),
    }),
    { maxLength: 2 },
  ),
});
