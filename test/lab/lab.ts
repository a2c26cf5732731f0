/** The lab as a test uses it: networks, names, proxies, an Azure with private endpoints, and slotwave at any place in it. */
import { type ExecFileException, execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { makeStorageToken } from '../azure/azurite.ts';
import { root } from '../entry/start-cli.ts';
import { type Networks, openNetworks } from './namespaces.ts';
import { domain, type Names, startDns, startProxies, startWithin } from './services.ts';
import { at, buildTopology } from './topology.ts';
import { describeFaults, describeWorld, endpoints, filtered, privateNames, publicNames } from './world.ts';

export const management = 'management.test';
export const store = 'https://packages.test/devstoreaccount1/packages';
export const timeScale = 60;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly tookMs: number;
}

export interface Place {
  readonly network: 'runner' | 'hub';
  /** Whose answers the machine itself gets: a network with the private zone linked to it, or one without. */
  readonly dns: 'private' | 'public';
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Lab {
  readonly networks: Networks;
  /** A folder with `config` as its slotwave.yml, and what slotwave leaves there. */
  slotwave(config: string, words: readonly string[], place: Place): Promise<Ran>;
  /** A package of the example app with other bytes than any other. */
  makePackage(marker: string): string;
  /** What each slot runs, by the emulator's word. */
  readReleases(): Promise<
    Readonly<Record<string, { readonly live: string | null; readonly beside: string | null }>>
  >;
  /** The names of the packages in the storage account. */
  readStore(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const runDeadlineMs = 60_000;
const start = promisify(execFile);

export async function openLab(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'slotwave-lab-'));
  const networks = await openNetworks();
  let azure: Azure | null = null;
  const close = async () => {
    // It ends in order: what it unpacked may not be written to, and so not be removed, by anybody else.
    if (azure)
      await networks.build(`kill ${azure.pid}; while kill -0 ${azure.pid} 2>&-; do sleep 0.05; done`);
    await networks.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const dist = join(folder, 'dist');
    const [built] = await Promise.all([
      start(process.execPath, [join(root, 'scripts/build.ts'), '--out', dist]),
      buildTopology(networks, endpoints),
    ]);
    if (built.stderr.includes('rror')) throw new Error(built.stderr);
    const resolvers = { private: join(folder, 'private.conf'), public: join(folder, 'public.conf') };
    writeFileSync(resolvers.private, `nameserver ${at.hub}\noptions timeout:2 attempts:1\n`);
    writeFileSync(resolvers.public, `nameserver ${at.publicDns}\noptions timeout:2 attempts:1\n`);
    const trusted = await makeMachines(folder);
    await Promise.all([
      startDns(networks, 'hub', [at.hub], named(privateNames)),
      startDns(networks, 'azure', [at.publicDns], named(publicNames)),
      startProxies(
        networks,
        folder,
        resolvers.private,
        filtered.map((label) => `${label}.${domain}`),
      ),
      startStrangers(networks, folder),
      startStore(networks, folder),
    ]);
    azure = await startAzure(networks, folder, dist, resolvers.public);
    writeFileSync(join(folder, 'trusted.pem'), `${readFileSync(azure.ca, 'utf8')}\n${trusted}`);
    const witness = makeWitness(networks, join(folder, 'trusted.pem'), resolvers.public);
    await witness.makeStore();
    return { networks, close, ...witness, ...makeHands(networks, folder, dist, azure, resolvers) };
  } catch (error) {
    await close();
    throw error;
  }
}

function named(apps: Names['apps']): Names {
  return {
    apps,
    others: [
      [management, at.front],
      ['packages.test', at.store],
    ],
  };
}

/** Certificates of machines that are not Azure's; returns the authority of those that clients trust. */
async function makeMachines(folder: string): Promise<string> {
  const ours = await makeCertificates(Date.now(), { domain: 'test', management: 'packages.test' });
  const theirs = await makeCertificates(Date.now(), { domain, management: 'stranger.test' });
  writeFileSync(join(folder, 'ours-ca.pem'), ours.ca);
  writeFileSync(join(folder, 'ours.pem'), `${ours.certificate}\n${ours.key}`);
  writeFileSync(join(folder, 'ours-cert.pem'), ours.certificate);
  writeFileSync(join(folder, 'ours-key.pem'), ours.key);
  writeFileSync(join(folder, 'theirs.pem'), `${theirs.certificate}\n${theirs.key}`);
  const ended = await makeCertificates(Date.now() - 2 * 365 * 86_400_000, {
    domain,
    management: 'expired.test',
  });
  writeFileSync(join(folder, 'ended.pem'), `${ended.certificate}\n${ended.key}`);
  return `${ours.ca}\n${ended.ca}`;
}

async function startStrangers(networks: Networks, folder: string): Promise<void> {
  const machines = { [at.intranet]: 'ours.pem', [at.stranger]: 'theirs.pem', [at.expired]: 'ended.pem' };
  const words = [
    ...Object.entries(machines).map(([address, file]) => `${address}=${join(folder, file)}`),
    at.dumb,
  ];
  const command = [process.execPath, join(root, 'test/lab/strangers.ts'), ...words];
  await startWithin(networks, command, { network: 'hub', ready: /are there/ });
}

/** A storage account in the internet, for packages that slots fetch themselves. */
async function startStore(networks: Networks, folder: string): Promise<void> {
  const main = join(root, 'node_modules/azurite/dist/src/blob/main.js');
  const words = [
    ...[process.execPath, main, '--blobHost', at.store, '--blobPort', '443', '--oauth', 'basic'],
    ...['--cert', join(folder, 'ours-cert.pem'), '--key', join(folder, 'ours-key.pem')],
    ...['--inMemoryPersistence', '--disableProductStyleUrl', '--skipApiVersionCheck', '--disableTelemetry'],
  ];
  await startWithin(networks, words, { network: 'azure', ready: /successfully listens/i, cwd: folder });
}

interface Azure {
  readonly ca: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly anchorMs: number;
  /** As it is counted inside of the lab. */
  readonly pid: number;
}

/** Signatures of packages are judged by the wall's clock, which that of the fleet must not have passed. */
const behindMs = 2 * 60 * 60_000;

async function startAzure(
  networks: Networks,
  folder: string,
  dist: string,
  resolvConf: string,
): Promise<Azure> {
  const world = join(folder, 'world.json');
  writeFileSync(world, JSON.stringify(describeWorld(domain, management)));
  const faults = join(folder, 'faults.json');
  writeFileSync(faults, JSON.stringify(describeFaults()));
  const anchor = Date.now() + Math.round(behindMs / (timeScale - 1));
  const words = [
    ...[
      process.execPath,
      join(dist, 'cli.js'),
      'emulator',
      '--world',
      world,
      '--faults',
      faults,
      '--data',
      folder,
    ],
    ...['--time-scale', String(timeScale), '--anchor', String(anchor)],
    ...[at.front, ...endpoints].flatMap((address) => ['--listen', address]),
  ];
  const environment = { NODE_EXTRA_CA_CERTS: join(folder, 'ours-ca.pem') };
  const line = await startWithin(networks, words, {
    network: 'azure',
    ready: /^\{"emulator"/,
    resolvConf,
    environment,
  });
  return JSON.parse(line) as Azure;
}

interface Seen {
  readonly sites: Readonly<
    Record<string, { readonly slots: Readonly<Record<string, { readonly release: string | null }>> }>
  >;
}

function makeWitness(networks: Networks, trusted: string, resolvConf: string) {
  const script = join(root, 'test/lab/witness.ts');
  const env = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, NODE_EXTRA_CA_CERTS: trusted };
  const send = async (method: string, url: string, headers: object = {}) => {
    const words = [process.execPath, script, method, url, JSON.stringify(headers)];
    const { out, err } = await ask(networks.within(words, { network: 'azure', resolvConf }), env);
    if (out === '') throw new Error(`the witness could not ask ${url}: ${err}`);
    return JSON.parse(out) as { readonly status: number; readonly body: string };
  };
  const toStore = () => ({
    authorization: `Bearer ${makeStorageToken(Date.now())}`,
    'x-ms-version': '2023-11-03',
  });
  return {
    makeStore: async () => {
      const { status, body } = await send('PUT', `${store}?restype=container`, toStore());
      if (status !== 201) throw new Error(`no container could be made: ${status} ${body}`);
    },
    readReleases: async () => {
      const { sites } = JSON.parse(
        (await send('GET', `https://${management}/_emulator/snapshot`)).body,
      ) as Seen;
      const read = Object.entries(sites).map(([name, { slots }]) => {
        const { production, staging } = slots;
        return [name, { live: production?.release ?? null, beside: staging?.release ?? null }] as const;
      });
      return Object.fromEntries(read);
    },
    readStore: async () => {
      const { body } = await send('GET', `${store}?restype=container&comp=list`, toStore());
      return [...body.matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = '']) => name);
    },
  };
}

function makeHands(
  networks: Networks,
  folder: string,
  dist: string,
  azure: Azure,
  resolvers: Readonly<Record<Place['dns'], string>>,
): Pick<Lab, 'slotwave' | 'makePackage'> {
  const common = [
    ...['--cloud', `https://${management}`, '--ca', join(folder, 'trusted.pem')],
    ...['--time-scale', String(timeScale), '--anchor', String(azure.anchorMs)],
  ];
  let runs = 0;
  return {
    slotwave: async (config, [command = '', ...words], { network, dns, environment = {} }) => {
      const cwd = join(folder, `run-${++runs}`);
      mkdirSync(cwd);
      writeFileSync(join(cwd, 'slotwave.yml'), config);
      const cli = [process.execPath, join(dist, 'cli.js'), command, ...common, ...words];
      const env = {
        ...{ PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, HOME: cwd, NO_COLOR: '1' },
        ...{
          AZURE_TENANT_ID: azure.tenantId,
          AZURE_CLIENT_ID: azure.clientId,
          AZURE_CLIENT_SECRET: azure.clientSecret,
        },
        ...environment,
      };
      return ask(networks.within(cli, { network, resolvConf: resolvers[dns], cwd }), env);
    },
    makePackage: (marker) => {
      const copy = join(folder, `package-${marker}`);
      cpSync(join(root, 'examples/orders'), copy, { recursive: true });
      writeFileSync(join(copy, 'marker.txt'), marker);
      return copy;
    },
  };
}

function ask([command, ...words]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<Ran> {
  const startedMs = Date.now();
  return new Promise((resolve, reject) => {
    const told = (error: ExecFileException | null, out: string, err: string) => {
      const code = error === null ? 0 : error.code;
      const tookMs = Date.now() - startedMs;
      if (typeof code === 'number') resolve({ code, out, err, tookMs });
      else reject(new Error(`${words.join(' ')} was ended by ${String(error?.signal)}:\n${out}\n${err}`));
    };
    execFile(command, words, { env, timeout: runDeadlineMs, maxBuffer: 2 ** 26 }, told);
  });
}
