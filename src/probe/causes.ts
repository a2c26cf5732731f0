/**
 * Every cause that a diagnosis can name, in the order of the road: name, connection, proxy, certificate, front end,
 * host, release, functions, checks. A code is a contract: it may get company, it never changes its meaning. Each has
 * a page in docs/diagnosis/, made by scripts/generate.ts.
 */
export const causes = {
  'name-unknown': 'DNS does not know the name',
  'private-record-missing': 'The private DNS zone has no record for the name',
  'dns-silent': 'DNS does not answer',
  'private-zone-not-linked': 'The name leads to the public address although there is a private endpoint',
  'private-endpoint-pending': 'The private endpoint is not approved',
  'private-endpoint-missing': 'No private endpoint to look through is known',
  'no-route': 'No connection comes about',
  'connection-refused': 'The connection is refused',
  'connection-cut': 'The connection is cut',
  'proxy-unreachable': 'The proxy cannot be reached',
  'proxy-credentials': 'The proxy wants credentials, or others',
  'proxy-refused': 'The proxy refuses',
  'proxy-no-way': 'The proxy finds no way to the app',
  'tls-name-mismatch': 'The certificate is for other names',
  'tls-unknown-authority': 'The certificate is of an authority that is not trusted here',
  'tls-expired': 'The certificate is not valid now',
  'tls-broken': 'What answers does not speak TLS as it should',
  'no-answer': 'Connected, but nothing is answered',
  'ip-forbidden': 'The network of the app refuses callers from here',
  'wrong-host': 'The address does not know the host name',
  'slot-missing': 'The slot is not there',
  'app-stopped': 'The app is stopped',
  'app-unauthorised': 'The app answers 401',
  'app-forbids': 'The app itself answers 403',
  'key-refused': "Azure does not tell the host's key",
  'azure-silent': 'Azure does not tell how the app is',
  'host-starting': 'The function host is not up yet',
  'host-down': 'The front end has no host to ask',
  'host-error': 'The function host is in error',
  'not-a-host': 'What answers is no function host',
  'other-release': 'Another release answers',
  'host-without-functions': 'The host is up without functions',
  'functions-missing': 'Functions are missing',
  'too-slow': 'The answer comes too slowly',
  'check-failed': 'A check of the config is not met',
  'public-answer': 'The answer came over a public address',
  'address-unknown': 'Whether the answer came over a private address cannot be known',
  exposed: 'The public way is open',
  'certificate-ends': 'The certificate ends soon',
  'certificate-unseen': 'The certificate of what answered was not seen',
  'reference-unresolved': 'A Key Vault reference is not resolved',
  'dependency-unreachable': 'The app does not reach what it needs',
  unexplained: 'None of the known causes',
} as const;

export type CauseCode = keyof typeof causes;

export const causeCodes = Object.keys(causes) as readonly CauseCode[];

/** Where the page of a cause is, from the root of this package. */
export function docsOf(code: CauseCode): string {
  return `docs/diagnosis/${code}.md`;
}
