/** What is wrong with a road is made so for real, and named by `slotwave probe`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { root } from '../entry/built.ts';
import { type Broken, configFor, inHub, onRunner, seenAtScm, seenFromHub, seenFromRunner } from './broken.ts';
import { type Place as From, type Lab, openLab, type Ran } from './lab.ts';
import { findObstacle } from './namespaces.ts';
import { proxyLogin } from './services.ts';

const obstacle = findObstacle();
if (obstacle !== null) process.stderr.write(`Not shown: broken roads in real networks: ${obstacle}\n`);

interface Told {
  readonly tookMs: number;
  readonly probed: readonly {
    readonly target: string;
    readonly door: 'app' | 'scm';
    readonly address: string | null;
    readonly isPrivate: boolean | null;
    readonly diagnosis: {
      readonly code: string;
      readonly said: string;
      readonly next: string;
      readonly docs: string;
    } | null;
  }[];
}

let lab: Lab;
let silent: Told;
const found = new Map<Broken, Place>();
const outputs: string[] = [];
type Place = Told['probed'][number];

if (obstacle === null) {
  beforeAll(async () => {
    lab = await openLab();
    await lab.wake(['empty', 'failing', 'guarded', 'forbidding', 'orders-weu', 'orders-neu']);
    const silence = probe(
      configFor(seenFromRunner.filter(({ cause }) => cause === 'no-route')),
      [],
      onRunner,
    );
    await Promise.all([silence, findCauses(seenFromHub, inHub), findCauses(seenFromRunner, onRunner)]);
    silent = await silence;
  }, 180_000);
  afterAll(() => lab?.close());
}

/** Those that this machine was too busy for in the given seconds are asked again, as anybody would. */
async function findCauses(broken: readonly Broken[], from: From): Promise<void> {
  for (let times = 0; times < 3; times++) {
    const unnamed = broken.filter((one) => found.get(one)?.diagnosis?.code !== one.cause);
    if (unnamed.length === 0) return;
    const { probed } = await probe(configFor(unnamed), ['--side', 'live'], from);
    for (const one of unnamed) found.set(one, probed.find(({ target }) => target === one.site)!);
  }
}

async function probe(
  config: string,
  words: readonly string[],
  from: From,
): Promise<Told & Pick<Ran, 'code'>> {
  const { code, out, err } = await lab.slotwave(config, ['probe', '--json', ...words], from);
  outputs.push(out, err);
  if (out === '') throw new Error(`slotwave probe ended with ${code}:\n${err}`);
  return { code, ...(JSON.parse(out) as Told) };
}

const title = 'a broken road in a real network';
const rows = (broken: readonly Broken[]) => broken.map((one) => [one.site, one.cause, one] as const);

(obstacle === null ? describe : describe.skip)(obstacle === null ? title : `${title} (${obstacle})`, () => {
  it.each(rows(seenFromHub))('inside, to %s: %s', (_, __, one) => expectNamed(one));
  it.each(rows(seenFromRunner))('outside, to %s: %s', (_, __, one) => expectNamed(one));

  it('is named within ten seconds, also where nothing at all comes back', () => {
    const codes = silent.probed.map(({ diagnosis }) => diagnosis?.code);
    // Production, staging, and the SCM site of staging.
    expect(codes).toEqual(['no-route', 'no-route', 'no-route']);
    expect(silent.tookMs).toBeLessThanOrEqual(10_000);
  });

  it('does not tell the password of a proxy', () => {
    expect(outputs.join('\n')).not.toContain(proxyLogin.password);
  });

  it('is named for the SCM site, too', async () => {
    const { probed, code } = await probe(configFor(seenAtScm), ['--side', 'staging'], onRunner);
    const named = probed.map(({ target, door, diagnosis }) => [target, door, diagnosis?.code]);
    expect(named).toEqual(
      seenAtScm.flatMap(({ site, cause }) => [
        [site, 'app', cause],
        [site, 'scm', cause],
      ]),
    );
    for (const { site, said } of seenAtScm) {
      const own = probed.filter(({ target }) => target === site);
      for (const { diagnosis } of own) expect(diagnosis?.said).toMatch(said);
    }
    // A closed door says nothing about the app.
    expect(code).toBe(13);
  }, 60_000);

  it('is none where all is well: the address that answered, and that it is private', async () => {
    const config = configFor([{ ...seenFromHub[1]!, vantage: '{ via: direct }' }]);
    const { probed, code } = await probe(config, ['--side', 'live'], inHub);
    expect(probed).toMatchObject([
      { target: 'orders-weu', diagnosis: null, address: '10.1.0.4', isPrivate: true },
    ]);
    expect(code).toBe(0);
    const other = await probe(config, ['--side', 'live', '--expect', 'r-9'], inHub);
    expect(other.probed).toMatchObject([
      { diagnosis: { code: 'other-release', said: expect.stringMatching(/r-0.*r-9|r-9.*r-0/) } },
    ]);
    expect(other.code).toBe(10);
  }, 60_000);

  it('goes with its networks, even when whoever made them is killed', async () => {
    const maker = spawn(process.execPath, [join(root, 'test/lab/left-behind.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: maker.stdout }), 'line')) as [string];
    const sleeper = `/proc/${line}`;
    expect(existsSync(sleeper)).toBe(true);
    maker.kill('SIGKILL');
    while (existsSync(sleeper)) await setTimeout(50);
  }, 30_000);

  it('may be only slow', async () => {
    const config = configFor(
      [{ ...seenFromHub[1]!, site: 'orders-neu', vantage: '{ via: direct }' }],
      ', expect: { maxLatency: 250ms }',
    );
    await lab.networks.build(
      'ip netns exec neu tc qdisc add dev to-hub root tbf rate 48kbit burst 1600 latency 20s',
    );
    const { probed } = await probe(config, ['--side', 'live'], inHub);
    await lab.networks.build('ip netns exec neu tc qdisc del dev to-hub root');
    expect(probed).toMatchObject([
      { diagnosis: { code: 'too-slow', said: expect.stringMatching(/250 ms/) } },
    ]);
  }, 60_000);
});

function expectNamed(one: Broken): void {
  const { code, said, next, docs } = found.get(one)?.diagnosis ?? {};
  expect(code).toBe(one.cause);
  expect(said).toMatch(one.said);
  expect(next).toMatch(/\w/);
  expect(docs).toBe(`docs/diagnosis/${one.cause}.md`);
}
