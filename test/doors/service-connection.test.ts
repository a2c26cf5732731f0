import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CredentialChoice, chooseCredential } from '../../src/azure/credential-choice.ts';
import { readProxyRules } from '../../src/azure/proxy-environment.ts';
import { asSlotwaveError } from '../../src/errors.ts';

/** What an agent gives a task to reach Azure with, and what becomes of it: for each kind there is. */
type Door = typeof import('../../src/entry/pipelines-connection.ts');

const given = /^(INPUT_|ENDPOINT_|SECRET_|AGENT_|VSTS_)/;
let temp: string;
let door: Door;
/** The library reads its environment once, when it is loaded; this does it again. */
let load: (environment: Readonly<Record<string, string>>) => void;

beforeAll(async () => {
  temp = mkdtempSync(join(tmpdir(), 'slotwave-agent-'));
  process.env['AGENT_TEMPDIRECTORY'] = temp;
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  const path: string = 'azure-pipelines-task-lib/internal.js';
  const library = (await import(path)) as {
    readonly _loadData: () => void;
    readonly _setStdStream: (stream: Writable) => void;
  };
  library._setStdStream(new Writable({ write: (_chunk, _encoding, done) => done() }));
  door = await import('../../src/entry/pipelines-connection.ts');
  // What it listens for would swallow the errors of every other test.
  for (const event of events)
    for (const listener of process.rawListeners(event))
      if (!before.get(event)?.includes(listener)) process.removeListener(event, listener as () => void);
  load = (environment) => {
    Object.assign(process.env, environment, { AGENT_TEMPDIRECTORY: temp });
    library._loadData();
  };
});

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (given.test(name)) delete process.env[name];
});

afterAll(() => rmSync(temp, { recursive: true, force: true }));

function connect(scheme: string, parameters: Readonly<Record<string, string>>): Record<string, string> {
  const all = { tenantid: 'T', serviceprincipalid: 'C', ...parameters };
  return {
    ENDPOINT_AUTH_SCHEME_here: scheme,
    ...Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`ENDPOINT_AUTH_PARAMETER_here_${key.toUpperCase()}`, value]),
    ),
    ENDPOINT_AUTH_PARAMETER_SystemVssConnection_ACCESSTOKEN: 'token-of-the-job',
    ENDPOINT_URL_here: 'https://management.local.azurestack.external/',
    ENDPOINT_DATA_here_SUBSCRIPTIONID: 'S',
  };
}

/** What else a job's environment may hold, for others. */
const others = {
  AZURE_CLIENT_ID: 'other',
  AZURE_TENANT_ID: 'other',
  AZURE_CLIENT_SECRET: 'of-another-application',
  SYSTEM_OIDCREQUESTURI: 'https://dev.azure.com/o/oidctoken',
  PATH: '',
};
const pem = '-----BEGIN PRIVATE KEY-----\nabcdefgh\n-----END PRIVATE KEY-----\n';
const principal = { tenantId: 'T', clientId: 'C' };

describe('a service connection', () => {
  it.each<
    readonly [
      kind: string,
      scheme: string,
      parameters: Readonly<Record<string, string>>,
      choice: CredentialChoice,
      secrets: readonly string[],
    ]
  >([
    [
      'a secret',
      'ServicePrincipal',
      { authenticationtype: 'spnKey', serviceprincipalkey: 'k-e-y' },
      { kind: 'client-secret', ...principal, secret: 'k-e-y', secretFrom: 'AZURE_CLIENT_SECRET' },
      ['k-e-y'],
    ],
    [
      'a secret, as older servers say it',
      'serviceprincipal',
      { serviceprincipalkey: 'k-e-y' },
      { kind: 'client-secret', ...principal, secret: 'k-e-y', secretFrom: 'AZURE_CLIENT_SECRET' },
      ['k-e-y'],
    ],
    [
      'a certificate',
      'ServicePrincipal',
      { authenticationtype: 'spnCertificate', serviceprincipalcertificate: pem },
      { kind: 'client-certificate', ...principal, certificate: { pem }, password: null },
      [pem],
    ],
    [
      'workload identity',
      'WorkloadIdentityFederation',
      {},
      {
        kind: 'azure-pipelines',
        ...principal,
        connectionId: 'here',
        requestUri: 'https://dev.azure.com/o/oidctoken',
        accessToken: 'token-of-the-job',
      },
      ['token-of-the-job'],
    ],
    ['a managed identity', 'ManagedServiceIdentity', {}, { kind: 'managed-identity', clientId: 'other' }, []],
  ])('with %s signs in as that, whatever else there is', (_, scheme, parameters, choice, secrets) => {
    load(connect(scheme, parameters));
    const read = door.readConnection('here');
    expect(chooseCredential({ ...others, ...read.environment })).toEqual(choice);
    expect(read).toMatchObject({ cloud: '', secrets, environment: { AZURE_SUBSCRIPTION_ID: 'S' } });
  });

  it.each([
    ['AzureCloud', ''],
    ['AzureUSGovernment', 'AzureUSGovernment'],
    ['AzureChinaCloud', 'AzureChinaCloud'],
    ['AzureStack', 'https://management.local.azurestack.external/'],
  ])('of %s leads to its cloud', (environment, cloud) => {
    load({ ...connect('ManagedServiceIdentity', {}), ENDPOINT_DATA_here_ENVIRONMENT: environment });
    expect(door.readConnection('here').cloud).toBe(cloud);
  });

  it('that the agent did not give, or of another kind, is said', () => {
    load(connect('Certificate', {}));
    for (const [id, found] of [
      ['here', 'Certificate'],
      ['nowhere', 'no authorization'],
    ] as const) {
      let thrown: unknown = null;
      try {
        door.readConnection(id);
      } catch (error) {
        thrown = error;
      }
      expect(asSlotwaveError(thrown)).toMatchObject({
        code: 'connection-unknown',
        problems: [expect.objectContaining({ path: 'azureSubscription', found })],
      });
    }
  });

  it('that is not asked for gives nothing', () =>
    expect(door.readConnection('')).toEqual({ environment: {}, cloud: '', secrets: [] }));
});

describe("the agent's proxy", () => {
  const agent = {
    AGENT_PROXYURL: 'http://proxy.corp:3128',
    AGENT_PROXYUSERNAME: 'corp\\build',
    SECRET_AGENT_PROXYPASSWORD: 'p@ss/w:rd',
    AGENT_PROXYBYPASSLIST: JSON.stringify(['\\.internal\\.corp', '^https://10\\.1\\.']),
  };
  const ask = (environment: Readonly<Record<string, string>>, host: string) =>
    readProxyRules(environment).proxyFor({ host, port: 443, encrypted: true });

  it('is ours, with user, password and what goes around it', () => {
    load(agent);
    const environment = { NO_PROXY: 'other.host', ...door.readProxy({}) };
    expect(ask(environment, 'orders.azurewebsites.net')).toEqual(
      expect.objectContaining({ host: 'proxy.corp', port: 3128, user: 'corp\\build', password: 'p@ss/w:rd' }),
    );
    for (const host of ['a.internal.corp', '10.1.2.3', 'other.host'])
      expect(ask(environment, host)).toBeNull();
    // The pattern is one of whole addresses, and this host only begins otherwise.
    expect(ask(environment, '110.1.2.3')).not.toBeNull();
  });

  it('gives way to one that the job names', () => {
    load(agent);
    expect(door.readProxy({ https_proxy: 'http://own:1' })).toEqual({});
    expect(door.readProxy({ HTTP_PROXY: 'http://plain:1' })).not.toHaveProperty('HTTP_PROXY');
  });

  it('is none where there is none', () => {
    load({});
    expect(door.readProxy({})).toEqual({});
  });

  it.each(['{', '["("]', '{}'])('is refused with a list that nobody can read: %s', (list) =>
    expect(() => readProxyRules({ SLOTWAVE_NO_PROXY_PATTERNS: list })).toThrow(/cannot be read/),
  );
});
