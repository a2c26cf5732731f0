// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
/** What people really type, forget and meet at three in the morning; each row with the words that must help them. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import type { Start } from '../entry/start-cli.ts';
import { asNobody, type Place, resourceId, writeConfig } from './place.ts';
import { twentyMistakes } from './twenty-mistakes.ts';

export interface Row {
  readonly says: string;
  /** What is typed; the flags that lead to the Azure of the test are added unless the row has its own. */
  readonly words: readonly string[] | ((place: Place) => Promise<readonly string[]> | readonly string[]);
  readonly prepare?: (place: Place) => Promise<unknown>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly start?: Start;
  /** 2 when not given: the input is wrong, and nothing was done. */
  readonly code?: number;
  readonly error: string;
  /** What happened and where; what to do next. */
  readonly text: readonly (string | RegExp)[];
}

const bad = ['deploy', '-c', 'bad.yml'];
const writeBad = (changes: Readonly<Record<string, string>>) => (place: Place) =>
  place.write('bad.yml', writeConfig(changes));

const files: readonly Row[] = [
  {
    says: 'a config file that may not be read',
    words: ['deploy', '-c', 'secret.yml'],
    prepare: async (place) => {
      await place.write('secret.yml', writeConfig());
      await chmod(place.path('secret.yml'), 0);
    },
    start: asNobody,
    error: 'config-unreadable',
    text: ['secret.yml', 'may not be read by this user', /next: .*right to read/],
  },
  {
    says: 'a config file that leads in a circle',
    words: ['deploy', '-c', 'circle.yml'],
    prepare: (place) => symlink('circle.yml', place.path('circle.yml')),
    error: 'config-unreadable',
    text: ['circle.yml is a link that leads in a circle', /next: /],
  },
  {
    says: 'a folder as config',
    words: ['deploy', '-c', 'app'],
    error: 'config-unreadable',
    text: ['app is a folder', 'next:  Name the file in it: -c app/slotwave.yml'],
  },
  {
    says: 'invalid YAML',
    words: bad,
    prepare: (place) =>
      place.write('bad.yml', 'app: orders\npackage: ./app\nfleet: { targets: [ { name: weu }\n'),
    error: 'config-invalid',
    text: ['bad.yml has one problem', /bad\.yml:4:1 .*indented/, /bracket or quote above it is not closed/],
  },
  {
    says: 'a file in the encoding of another editor',
    words: bad,
    prepare: (place) => writeFile(place.path('bad.yml'), `\ufeff${writeConfig()}`, 'utf16le'),
    error: 'config-unreadable',
    text: ['bad.yml is not UTF-8 text', 'next:  Save it as UTF-8.'],
  },
  {
    says: 'more than twenty mistakes at once',
    words: bad,
    prepare: (place) => place.write('bad.yml', twentyMistakes),
    error: 'config-invalid',
    text: [/has 2\d problems/, 'docs/config.md'],
  },
];

const packages: readonly Row[] = [
  {
    says: 'an app without host.json',
    words: bad,
    prepare: async (place) => {
      await mkdir(place.path('hostless'), { recursive: true });
      await place.write('hostless/index.js', '');
      await place.write('bad.yml', writeConfig({ './app': './hostless' }));
    },
    error: 'package-host-json-missing',
    text: ['host.json', 'hostless', /next: /],
  },
  {
    says: 'a link out of the app',
    words: bad,
    prepare: async (place) => {
      await mkdir(place.path('leaky'));
      await place.write('leaky/host.json', '{"version":"2.0"}');
      await symlink('/etc/hostname', place.path('leaky/leak'));
      await place.write('bad.yml', writeConfig({ './app': './leaky' }));
    },
    error: 'package-link-outside',
    text: ['leak', '/etc/hostname', /next: .*\.funcignore/],
  },
  {
    says: 'a zip that is none',
    words: bad,
    prepare: async (place) => {
      await place.write('app.zip', 'PK, said the file, and was no zip');
      await place.write('bad.yml', writeConfig({ './app': './app.zip' }));
    },
    error: 'package-not-a-zip',
    text: ['app.zip', /next: /],
  },
  {
    says: 'a package that is not there',
    words: bad,
    prepare: writeBad({ './app': './nowhere' }),
    error: 'package-not-found',
    text: ['nowhere', /next: /],
  },
];

const fleets: readonly Row[] = [
  {
    says: 'a target that does not exist',
    words: bad,
    prepare: writeBad({ 'sites/orders-eus': 'sites/orders-usa' }),
    error: 'targets-not-found',
    text: [/eus — .*404 ResourceNotFound.*orders-usa/, /without a role on it/, /next: .*Website Contributor/],
  },
  {
    says: 'a resource group that does not exist',
    words: bad,
    prepare: writeBad({ 'resourceGroups/orders': 'resourceGroups/odrers' }),
    error: 'targets-not-found',
    text: [/weu — .*'odrers' could not be found/, /Check the resource group/, /next: /],
  },
  {
    says: 'a slot that does not exist',
    words: bad,
    prepare: writeBad({ '{ name: eus,': '{ name: eus, slot: rehearsal,' }),
    error: 'preflight-failed',
    text: [
      /eus: slot-missing — There is no slot "rehearsal"/,
      /Is the name right\? az functionapp deployment slot list .*orders-eus/,
      /az functionapp deployment slot create .*--slot rehearsal/,
    ],
  },
  {
    says: 'a swap of somebody else in progress',
    words: bad,
    prepare: async (place) => {
      // The host that it waits for starts very late, so it is found under way however slow this machine is.
      place.azure.emulator.setFaults([
        { when: { site: 'orders-busy' }, then: { host: { startDelay: '60m' } } },
      ]);
      await place.ask('POST', `${resourceId('busy')}/slots/staging/slotsswap`, {
        targetSlot: 'production',
        preserveVnet: true,
      });
      await place.write('bad.yml', writeConfig({ 'orders-eus': 'orders-busy' }));
    },
    error: 'preflight-failed',
    // Until it has ended, nobody may be told to cancel what it has prepared.
    text: ['eus: operation-in-progress', /Wait until it has ended/, /^(?![\s\S]*--action reset)/],
  },
];

const credentials: readonly Row[] = [
  {
    says: 'a secret that is refused',
    words: ['deploy'],
    environment: { AZURE_CLIENT_SECRET: 'wrong-and-secret' },
    code: 10,
    error: 'credential-refused',
    text: [/AADSTS7000215/, 'AZURE_CLIENT_SECRET', /next: /],
  },
  {
    says: 'a secret without its tenant',
    words: ['deploy'],
    environment: { AZURE_TENANT_ID: '' },
    error: 'credential-missing',
    text: ['AZURE_TENANT_ID — is not set', /next: /],
  },
  {
    says: 'nothing to sign in with',
    words: ['deploy'],
    environment: { AZURE_CLIENT_ID: '', AZURE_TENANT_ID: '', AZURE_CLIENT_SECRET: '', PATH: '/nowhere' },
    error: 'credential-missing',
    text: [/next: .*az login.*AZURE_CLIENT_ID/],
  },
];

const clouds: readonly Row[] = [
  {
    says: 'a cloud where nobody listens',
    words: ['deploy', '--cloud', 'https://localhost:9', '--time-scale', '1000'],
    error: 'cloud-not-reachable',
    text: ['localhost:9', 'refused', /next: .*--cloud/],
  },
  {
    says: 'a cloud whose name nobody knows',
    words: ['deploy', '--cloud', 'https://management.invalid', '--time-scale', '1000'],
    error: 'cloud-not-reachable',
    text: ['management.invalid', 'DNS', /next: .*--cloud/],
  },
  {
    says: 'a cloud that is a web site',
    words: ({ azure }) => [
      'deploy',
      ...azure.flags.map((flag) =>
        flag === azure.url ? flag.replace('//', '//orders-weu.azurewebsites.') : flag,
      ),
    ],
    error: 'cloud-not-arm',
    text: [/orders-weu\.azurewebsites\.localhost.*not describe itself.*404/, /next: .*--cloud/],
  },
  {
    says: 'a cloud without TLS',
    words: ['deploy', '--cloud', 'http://localhost:8080'],
    error: 'cloud-unknown',
    text: ['http://localhost:8080', /next: .*AzureCloud.*https/],
  },
  {
    says: 'a cloud that speaks something else than TLS',
    words: async () => [
      'deploy',
      '--cloud',
      `https://localhost:${await listenPlainly()}`,
      '--time-scale',
      '1000',
    ],
    error: 'cloud-not-reachable',
    text: [/localhost:\d+: what listens there does not speak TLS/, /next: .*--cloud/],
  },
  {
    says: 'authorities that do not vouch for this cloud',
    words: ({ azure }) => ['deploy', '--cloud', azure.url, '--ca', 'other.pem', '--time-scale', '1000'],
    prepare: async (place) => place.write('other.pem', (await makeCertificates(Date.now())).ca),
    error: 'cloud-not-reachable',
    text: [/certificate/, /next: .*--ca FILE/],
  },
  {
    says: 'a cloud whose certificate nobody vouches for',
    words: ({ azure }) => ['deploy', '--cloud', azure.url, '--time-scale', '1000'],
    error: 'cloud-not-reachable',
    text: ['its certificate is of an authority that is not trusted here', /next: .*--ca FILE/],
  },
];

const words: readonly Row[] = [
  { says: 'an unknown command', words: ['deplyo'], error: 'usage', text: ['deplyo', 'Did you mean deploy?'] },
  {
    says: 'an unknown flag',
    words: ['deploy', '--forse'],
    error: 'usage',
    text: ['--forse', 'Did you mean --force?'],
  },
  ...['resume', 'rollback', 'status'].map((command) => ({
    says: `an unknown rollout for ${command}`,
    words: [command, '20990101-000000-none'],
    error: 'rollout-not-found',
    text: ['20990101-000000-none', '.slotwave', /next: .*--state <folder>/],
  })),
  {
    says: 'a rollout id that is a path',
    words: ['status', '../../etc'],
    error: 'rollout-not-found',
    text: ['There is no rollout "../../etc"', /next: .*--state <folder>/],
  },
];

const plans: readonly Row[] = [
  {
    says: 'a plan of a fleet that has changed since',
    words: ['deploy', 'plan.json'],
    prepare: async (place) => {
      const planned = await place.run(['plan', '--out', 'plan.json', ...place.azure.flags]);
      if (planned.code !== 0) throw new Error(planned.err);
      await place.ask('PUT', `${resourceId('eus')}/slots/staging/config/appsettings`, {
        properties: {
          FUNCTIONS_EXTENSION_VERSION: '~4',
          FUNCTIONS_WORKER_RUNTIME: 'node',
          AzureWebJobsStorage: 'here',
          SOMEBODY: 'else',
        },
      });
    },
    error: 'plan-stale',
    text: [
      /eus: settings of the staging slot were added: SOMEBODY/,
      'next:  Make it again: slotwave plan --out',
    ],
  },
  {
    says: 'a plan that is another file',
    words: ['deploy', 'slotwave.yml'],
    error: 'plan-unreadable',
    text: ['slotwave.yml', 'slotwave plan --out plan.json'],
  },
  {
    says: 'a plan that is JSON of something else',
    words: ['deploy', 'app/host.json'],
    error: 'plan-unreadable',
    text: ['host.json', 'slotwave plan --out plan.json'],
  },
  {
    says: 'a folder as plan',
    words: ['deploy', 'app'],
    error: 'plan-unreadable',
    text: ['it is a folder', 'next:  Make one: slotwave plan --out plan.json'],
  },
];

const states: readonly Row[] = [
  {
    says: 'a state folder that may not be written',
    words: ['deploy', '--state', 'sealed'],
    prepare: async (place) => {
      await mkdir(place.path('sealed'));
      await chmod(place.path('sealed'), 0o555);
    },
    start: asNobody,
    error: 'state-unwritable',
    text: ['sealed', 'permission denied', 'next:  Give a folder that can be written: --state <folder>'],
  },
  {
    says: 'a file as state folder',
    words: ['deploy', '--state', 'slotwave.yml'],
    error: 'state-unwritable',
    text: ['slotwave.yml', '--state <folder>'],
  },
  {
    says: 'a file as state folder, to look at',
    words: ['status', '--state', 'slotwave.yml'],
    error: 'state-unreadable',
    text: ['slotwave.yml', '--state <folder>'],
  },
];

export const rows: readonly Row[] = [
  ...files,
  ...packages,
  ...fleets,
  ...credentials,
  ...clouds,
  ...words,
  ...plans,
  ...states,
];

/** A web server that knows no TLS, until the test ends. */
async function listenPlainly(): Promise<number> {
  const server = createServer((_, response) => response.end('hello'));
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
