/** The lab as a test uses it: networks, names, proxies, an Azure with private endpoints, and slotwave at any place in it. */
import { type ExecFileException, execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeStorageToken } from '../azure/azurite.ts';
import { findBuilt, root } from '../entry/built.ts';
import { makeMachines, store, storeHost } from './machines.ts';
import { type Networks, openNetworks } from './namespaces.ts';
import { domain, type Names, startDns, startProxies, startWithin } from './services.ts';
import { at, buildTopology } from './topology.ts';
import {
  describeFaults,
  describeWorld,
  endpoints,
  filtered,
  plainNames,
  privateNames,
  publicNames,
} from './world.ts';

export const management = 'management.test';
export const timeScale = 60;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly tookMs: number;
  /** The journal that it left: one entry a line. */
  readonly journal: readonly string[];
}

export interface Place {
  readonly network: 'runner' | 'hub';
  /** Whose answers the machine itself gets: a network with the private zone linked to it, or one without. */
  readonly dns: 'private' | 'public';
  readonly environment?: Readonly<Record<string, string>>;
}

/** Files like /etc/resolv.conf. */
type Resolvers = Readonly<Record<Place['dns'], string>>;

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
  /** Starts the function hosts of these apps, which otherwise begin with their first request. */
  wake(sites: readonly string[]): Promise<void>;
  /** The names of the packages in the storage account. */
  readStore(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const runDeadlineMs = 60_000;

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
    const [{ cli }] = await Promise.all([findBuilt(), buildTopology(networks, endpoints)]);
    const resolvers = { private: join(folder, 'private.conf'), public: join(folder, 'public.conf') };
    writeFileSync(resolvers.private, `nameserver ${at.hub}\noptions timeout:2 attempts:1\n`);
    writeFileSync(resolvers.public, `nameserver ${at.publicDns}\noptions timeout:2 attempts:1\n`);
    const machines = await makeMachines(folder);
    writeFileSync(join(folder, 'machines-ca.pem'), machines.trusted);
    await Promise.all([
      startDns(networks, 'hub', [at.hub], named(privateNames)),
      startDns(networks, 'azure', [at.publicDns], named(publicNames)),
      startProxies(
        networks,
        folder,
        resolvers.private,
        filtered.map((label) => `${label}.${domain}`),
      ),
      machines.start(networks),
    ]);
    azure = await startAzure(networks, folder, cli, resolvers.public);
    writeFileSync(join(folder, 'trusted.pem'), `${readFileSync(azure.ca, 'utf8')}\n${machines.trusted}`);
    const witness = makeWitness(networks, join(folder, 'trusted.pem'), resolvers);
    await witness.makeStore();
    return { networks, close, ...witness, ...makeHands(networks, folder, cli, azure, resolvers) };
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
      [storeHost, at.store],
      ...plainNames.map(([label, address]) => [`${label}.${domain}`, address] as const),
    ],
  };
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

/** Signatures of packages live by the fleet's clock and are judged by the wall's, so the two must stay near each other. */
const behindMs = 32 * 60_000;

async function startAzure(
  networks: Networks,
  folder: string,
  cli: string,
  resolvConf: string,
): Promise<Azure> {
  const world = join(folder, 'world.json');
  writeFileSync(world, JSON.stringify(describeWorld(domain, management)));
  const faults = join(folder, 'faults.json');
  writeFileSync(faults, JSON.stringify(describeFaults()));
  const anchor = Date.now() + Math.round(behindMs / (timeScale - 1));
  const words = [
    ...[process.execPath, cli, 'emulator', '--world', world, '--faults', faults, '--data', folder],
    ...['--time-scale', String(timeScale), '--anchor', String(anchor)],
    ...[at.front, ...endpoints].flatMap((address) => ['--listen', address]),
  ];
  const environment = { NODE_EXTRA_CA_CERTS: join(folder, 'machines-ca.pem') };
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

function makeWitness(networks: Networks, trusted: string, resolvers: Resolvers) {
  const script = join(root, 'test/lab/witness.ts');
  const env = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, NODE_EXTRA_CA_CERTS: trusted };
  const inAzure = { network: 'azure', resolvConf: resolvers.public };
  const inHub = { network: 'hub', resolvConf: resolvers.private };
  const send = async (method: string, url: string, headers: object = {}, place = inAzure) => {
    const words = [process.execPath, script, method, url, JSON.stringify(headers)];
    const { out, err } = await ask(networks.within(words, place), env);
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
    wake: async (sites: readonly string[]) => {
      await Promise.all(sites.map((site) => send('GET', `https://${site}.${domain}/`, {}, inHub)));
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
  cli: string,
  azure: Azure,
  resolvers: Resolvers,
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
      const line = [process.execPath, cli, command, ...common, ...words];
      const env = {
        ...{ PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, HOME: cwd, NO_COLOR: '1' },
        ...{
          AZURE_TENANT_ID: azure.tenantId,
          AZURE_CLIENT_ID: azure.clientId,
          AZURE_CLIENT_SECRET: azure.clientSecret,
        },
        ...environment,
      };
      const ran = await ask(networks.within(line, { network, resolvConf: resolvers[dns], cwd }), env);
      return { ...ran, journal: readJournal(cwd) };
    },
    makePackage: (marker) => {
      const copy = join(folder, `package-${marker}`);
      cpSync(join(root, 'examples/orders'), copy, { recursive: true });
      writeFileSync(join(copy, 'marker.txt'), marker);
      return copy;
    },
  };
}

function ask(
  [command, ...words]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<Omit<Ran, 'journal'>> {
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

function readJournal(cwd: string): readonly string[] {
  const rollouts = join(cwd, '.slotwave/rollouts');
  if (!existsSync(rollouts)) return [];
  return readdirSync(rollouts).flatMap((id) =>
    readFileSync(join(rollouts, id, 'journal.ndjson'), 'utf8')
      .trim()
      .split('\n'),
  );
}
