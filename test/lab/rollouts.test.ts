/** Whole rollouts through real networks: every vantage, from a place that has no other way. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Lab, openLab, type Place } from './lab.ts';
import { store } from './machines.ts';
import { findObstacle } from './namespaces.ts';
import { at, ports } from './topology.ts';
import { fleet, subscription } from './world.ts';

const obstacle = findObstacle();
if (obstacle !== null) process.stderr.write(`Not shown: rollouts through real networks: ${obstacle}\n`);

let lab: Lab;
if (obstacle === null) {
  beforeAll(async () => {
    lab = await openLab();
  }, 60_000);
  afterAll(() => lab?.close());
}

interface Story {
  /** The vantage of each target, as YAML. */
  readonly weu: string;
  readonly neu: string;
  readonly more?: string;
}

function configOf({ weu, neu, more = '' }: Story, folder: string): string {
  const group = `/subscriptions/${subscription}/resourceGroups/lab/providers/Microsoft.Web/sites`;
  return `app: orders
package: ${folder}
fleet:
  targets:
    - { name: weu, resourceId: ${group}/orders-weu, vantage: ${weu} }
    - { name: neu, resourceId: ${group}/orders-neu, vantage: ${neu} }
strategy: { waves: [{ name: first, targets: [weu] }, { name: rest }] }
swap: { observeFor: 10s }
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
  interval: 5s
  timeout: 5s
  consecutiveSuccessLimit: 2
  deadline: 15m
${more}`;
}

interface Entry {
  readonly type: string;
  readonly target?: string;
  readonly outcome?: string;
  readonly reading?: Reading;
  readonly verdict?: { readonly readings: readonly Reading[] };
}

interface Reading {
  readonly target: string;
  readonly side: 'live' | 'beside';
  readonly vantage: string;
  readonly address: string | null;
  readonly isPrivate: boolean | null;
}

const inHub: Place = { network: 'hub', dns: 'private' };
/** In the virtual network, where the private zone is not linked to it. */
const unlinked: Place = { network: 'hub', dns: 'public' };
const onRunner: Place = { network: 'runner', dns: 'public' };

const direct = '{ via: direct }';
const endpoint = '{ via: private-endpoint }';
const dns = `{ via: dns, servers: ["${at.hub}"] }`;
const connect = `{ via: proxy, proxy: "http://${at.hub}:${ports.proxy}" }`;
const socks = `{ via: proxy, proxy: "socks5://${at.hub}:${ports.socks}" }`;
const arm = '{ via: arm }';

const both = (vantage: string): Story => ({ weu: vantage, neu: vantage });

interface Row {
  readonly story: Story;
  readonly from: Place;
  /** The addresses that answer in each region; null where whoever asks for us does not say. */
  readonly addresses: readonly [weu: Ends | null, neu: Ends | null];
}

type Ends = Readonly<Record<Reading['side'], string>>;

const [weuEnds, neuEnds]: readonly Ends[] = fleet;
const ends: Row['addresses'] = [weuEnds!, neuEnds!];
const unknown: Row['addresses'] = [null, null];
const mustBePrivate = '  requirePrivate: true\n';
const viaProxy = { HTTPS_PROXY: `http://${at.hub}:${ports.proxy}` };

const rows: Readonly<Record<string, Row>> = {
  'directly, where the private zone is linked': {
    from: inHub,
    story: { ...both(direct), more: mustBePrivate },
    addresses: ends,
  },
  'at the addresses of its private endpoints, and the public door stays closed': {
    from: unlinked,
    story: {
      ...both(endpoint),
      more: `${mustBePrivate}  exposure: closed\n`,
    },
    addresses: ends,
  },
  "as the network's own DNS server resolves it": { from: unlinked, story: both(dns), addresses: ends },
  'through a CONNECT proxy': { from: onRunner, story: both(connect), addresses: unknown },
  'through a SOCKS proxy': { from: onRunner, story: both(socks), addresses: unknown },
  'through the proxy of the environment, ARM and login too': {
    from: { ...onRunner, environment: viaProxy },
    story: both(direct),
    addresses: unknown,
  },
  'each region from a vantage of its own': {
    from: unlinked,
    story: { weu: endpoint, neu: connect },
    addresses: [ends[0], null],
  },
};

const title = 'a fleet that only private addresses lead to';

(obstacle === null ? describe : describe.skip)(obstacle === null ? title : `${title} (${obstacle})`, () => {
  // The first, as long as the lab's clock is not ahead of the one by which signatures are judged.
  it('is deployed without any line of sight: ARM is asked, and the slots fetch the package', async () => {
    const story = { ...both(arm), more: `delivery: { store: "${store}" }\n` };
    const { journal, isLive, out } = await deploy('by ARM alone', story, onRunner);
    expect(journal.at(-1)).toMatchObject({ type: 'rollout.ended', outcome: 'settled' });
    expect(isLive).toBe(true);
    const vantages = readingsOf(journal, 'weu').map(({ vantage }) => vantage);
    expect(new Set(vantages)).toEqual(new Set(['arm']));
    expect(out).toMatch(
      /weu.*SCM site cannot be reached from here .*403 Ip Forbidden.*fetches the package from https:/,
    );
    expect(await lab.readStore()).toHaveLength(1);
  }, 60_000);

  it('is not promoted unseen: where packages get in and looks do not, the end names the cause', async () => {
    const story = { ...both(direct), more: `delivery: { mode: pull, store: "${store}" }\n` };
    const before = await lab.readReleases();
    const config = configOf(story, lab.makePackage('unseen'));
    const { code, out, journal } = await lab.slotwave(config, ['deploy'], onRunner);
    const entries = journal.map((line) => JSON.parse(line) as Entry);
    expect(entries.at(-1)).toMatchObject({ type: 'rollout.ended', outcome: 'refused' });
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'look.diagnosed', target: 'weu', code: 'private-zone-not-linked' }),
    );
    expect(out).toMatch(/Refused: nothing live was touched[\s\S]*privatelink\.azurewebsites\.net/);
    expect(code).toBe(10);
    expect((await lab.readReleases())['orders-weu']?.live).toBe(before['orders-weu']?.live);
  }, 60_000);

  it.each(Object.entries(rows))(
    'is deployed to %s',
    async (name, { from, story, addresses }) => {
      const { journal, isLive, out } = await deploy(name, story, from);
      expect(journal.at(-1)).toMatchObject({ type: 'rollout.ended', outcome: 'settled' });
      expect(isLive).toBe(true);
      for (const [index, target] of (['weu', 'neu'] as const).entries()) {
        const address = addresses[index] ?? null;
        const isPrivate = address === null ? null : true;
        for (const reading of readingsOf(journal, target))
          expect(reading).toMatchObject({ address: address?.[reading.side] ?? null, isPrivate });
      }
      // The package took the same road: nothing was fetched from anywhere else.
      expect(out).not.toMatch(/fetches the package/);
    },
    60_000,
  );

  it('is refused with the cause where no road leads to it, and nothing live is touched', async () => {
    const before = await lab.readReleases();
    const config = configOf(both(direct), lab.makePackage('nowhere'));
    const { code, out } = await lab.slotwave(config, ['deploy'], onRunner);
    expect(out).toMatch(/Refused: nothing live was touched.*403 Ip Forbidden/);
    expect(code).toBe(10);
    const after = await lab.readReleases();
    expect(after['orders-weu']?.live).toBe(before['orders-weu']?.live);
    expect(after['orders-neu']?.live).toBe(before['orders-neu']?.live);
  }, 60_000);
});

interface Deployed {
  readonly out: string;
  readonly journal: readonly Entry[];
  /** By the emulator's word both targets run one release, and another than before. */
  readonly isLive: boolean;
}

async function deploy(name: string, story: Story, from: Place): Promise<Deployed> {
  const before = await lab.readReleases();
  const config = configOf(story, lab.makePackage(name.replaceAll(/\W+/g, '-')));
  const { code, out, err, journal } = await lab.slotwave(config, ['deploy'], from);
  if (code !== 0) throw new Error(`slotwave ended with ${code}:\n${out}\n${err}`);
  const after = await lab.readReleases();
  const [weu, neu] = [after['orders-weu']?.live, after['orders-neu']?.live];
  return {
    out,
    journal: journal.map((line) => JSON.parse(line) as Entry),
    isLive: weu !== null && weu === neu && weu !== before['orders-weu']?.live,
  };
}

/** All that is in the journal; those that decided a verdict stand in it twice. */
function readingsOf(journal: readonly Entry[], target: string): readonly Reading[] {
  const all = journal.flatMap(({ reading, verdict }) => [
    ...(reading ? [reading] : []),
    ...(verdict?.readings ?? []),
  ]);
  const own = all.filter((reading) => reading.target === target);
  expect(own.map(({ side }) => side)).toEqual(expect.arrayContaining(['beside', 'live']));
  return own;
}
