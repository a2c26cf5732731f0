import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { asStep } from '../../src/entry/build-door.ts';
import type { BuildInputs } from '../../src/entry/build-inputs.ts';
import { readFinished } from '../../src/entry/build-outputs.ts';
import type { Known } from '../../src/entry/build-witness.ts';
import { createGitHubApi } from '../../src/entry/github-api.ts';
import { commentPlan } from '../../src/entry/github-comment.ts';
import { createDeployments } from '../../src/entry/github-deployments.ts';
import type { Finding } from '../../src/preflight/finding.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { makePlan } from '../builders.ts';
import { begun, newId, oldId, rolledBack, timeline } from '../report/events.ts';
import { type PlayedGitHub, playGitHub } from './played-github.ts';

/** What GitHub is told besides, by its own library, without a rollout around it. */
const folder = mkdtempSync(join(tmpdir(), 'slotwave-companion-'));
let github: PlayedGitHub;
let told: string[];

beforeEach(async () => {
  github?.stop();
  github = await playGitHub();
  told = [];
});

afterAll(() => {
  github.stop();
  rmSync(folder, { recursive: true, force: true });
});

const openApi = (changes: Readonly<Record<string, string>> = {}) => {
  const note = (text: string) => void told.push(text);
  const environment = { ...github.environment, ...changes };
  const api = createGitHubApi({ token: 'ghs_token', environment, tell: { notice: note, warning: note } });
  if (api === null) throw new Error('There is a token and a repository.');
  return api;
};

async function tellDeployments(mode: 'fleet' | 'per-target', events: readonly unknown[]): Promise<void> {
  const warn = (text: string) => void told.push(text);
  const deployments = createDeployments({
    api: openApi(),
    mode,
    environment: 'p',
    env: github.environment,
    warn,
  });
  for (const event of events) deployments.happened(event as Recorded);
  await deployments.flush();
}

const recorded = rolledBack.filter((event) => 'seq' in event);

describe('deployments', () => {
  it('say of each target what became of it, in the order in which it happened, however slow GitHub is', async () => {
    let turn = 0;
    github.delayMs = () => (turn++ % 2 === 0 ? 40 : 0);
    await tellDeployments('per-target', recorded);
    // Each target has an order of its own; which of them GitHub heard of first is chance.
    const byTarget = github.deployments.map(({ environment, states }) => [environment, states] as const);
    expect(byTarget).toHaveLength(2);
    expect(Object.fromEntries(byTarget)).toEqual({
      'p-weu': ['in_progress', 'in_progress', 'inactive'],
      'p-neu': ['in_progress', 'failure', 'in_progress', 'inactive'],
    });
    expect(told).toEqual([]);
  });

  it('are one for a fleet that is too large for one each', async () => {
    const names = Array.from({ length: 41 }, (_, at) => `t${at}`);
    await tellDeployments('per-target', timeline([[0, begun(names, [names])]]));
    expect(github.deployments.map(({ environment }) => environment)).toEqual(['p']);
    expect(told).toEqual([expect.stringContaining('41 targets')]);
  });

  it('go on with the one that the rollout has, and leave alone those of others', async () => {
    const start = timeline([[0, begun(['weu'], [['weu']])]]);
    await tellDeployments('fleet', start);
    github.deployments.push({ id: 2, environment: 'p', payload: { rollout: 'other' }, states: [], urls: [] });
    const before = { live: oldId, beside: newId };
    await tellDeployments('fleet', [
      ...start,
      ...timeline([[9, { type: 'rollback.decided', why: 'x', targets: [], failing: [] }]]),
      { ...start[0], type: 'promote.begun', target: 'weu', before },
    ]);
    expect(github.deployments.map(({ states }) => states)).toEqual([
      ['in_progress', 'in_progress', 'in_progress'],
      [],
    ]);
  });

  it('that are not allowed are given up, and the lines that allow them told once', async () => {
    github.denied = /deployments/;
    await tellDeployments('per-target', recorded);
    expect(told).toEqual([
      expect.stringMatching(/permissions:\n {2}contents: read\n {2}deployments: write$/),
    ]);
  });

  it('that GitHub does not take are told once, and an outage is not waited for again and again', async () => {
    github.broken = true;
    await tellDeployments('fleet', recorded);
    expect(told).toEqual([expect.stringContaining('GitHub did not take it')]);
    expect(github.asked.length).toBeLessThan(6);
  });
});

describe('the comment', () => {
  const comment = (markdown: string, more: Readonly<Record<string, string>> = {}) => {
    const path = join(folder, 'event.json');
    writeFileSync(path, JSON.stringify({ pull_request: { number: 7 } }));
    const env = { GITHUB_EVENT_NAME: 'pull_request_target', GITHUB_EVENT_PATH: path, ...more };
    return commentPlan({ api: openApi(), app: 'a --> b', markdown, env });
  };

  it('is found behind a hundred others, and its marker cannot end early', async () => {
    for (let at = 1; at <= 130; at++) github.comments.push({ id: at, body: 'hello', user: { type: 'User' } });
    await comment('first');
    await comment('second');
    expect(github.comments).toHaveLength(131);
    expect(github.comments.at(-1)?.body).toBe('<!-- slotwave plan a%20--%3E%20b -->\nsecond');
  });

  it('that is longer than GitHub takes is cut within its fence', async () => {
    await comment(`## plan\n\n\`\`\`\`text\n${'a line of the plan\n'.repeat(6000)}\`\`\`\`\n`);
    const body = github.comments[0]?.body ?? '';
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body.match(/^`{4}/gm)).toHaveLength(2);
    expect(body).toContain('Cut here');
  });

  it('is written nowhere but on a pull request', async () => {
    await comment('x', { GITHUB_EVENT_NAME: 'push' });
    expect(github.asked).toEqual([]);
  });
});

describe('what is typed on a command line', () => {
  it.each([
    [
      'Go on with: slotwave resume 20261120-135812-k3f9',
      'Go on with: command: resume, rollout: 20261120-135812-k3f9',
    ],
    ['Check --cloud, and (--state <folder>)', 'Check cloud:, and (state: <folder>)'],
    ['Nothing to do; --force does it anyway.', 'Nothing to do; force: does it anyway.'],
    ['Name another file with -c FILE.', 'Name another file with config: FILE.'],
    ['az functionapp show --query id --slot staging', 'az functionapp show --query id --slot staging'],
    ['a --> b, x--cloud, --stateful', 'a --> b, x--cloud, --stateful'],
  ])('%s', (typed, asked) => expect(asStep(typed, (name) => name)).toBe(asked));
});

describe('the outputs of a step', () => {
  const known: Known = {
    ...{ place: null, findings: [], savedPlan: null, pkg: null, said: '' },
    plan: makePlan({ waves: [{ name: 'all', targets: ['weu', 'neu'] }] }),
  };
  const promotedBy = async (command: BuildInputs['command'], exitCode: number) =>
    (await readFinished({ command } as BuildInputs, known, exitCode, null)).outputs.get('promoted');

  it('count what would be promoted for a plan, and nothing for a deployment that did not begin', async () => {
    expect(await promotedBy('plan', 0)).toBe('2');
    expect(await promotedBy('deploy', 2)).toBe('0');
  });
});

describe('the page of a plan', () => {
  const door = { place: 'github', step: () => [], nameInput: (name: string) => name } as const;
  const pageOf = async (names: readonly string[]) => {
    const findings: readonly Finding[] = names.map((target) => ({
      ...{ id: 'not-checked', severity: 'warning', target, source: 'none' },
      ...{ found: `${target}: ${'é'.repeat(900)} is so.`, why: 'w '.repeat(300), fix: 'f '.repeat(300) },
    }));
    const plan = makePlan({ waves: [{ name: 'all', targets: names }] });
    const known: Known = { place: null, findings, savedPlan: null, pkg: null, said: '', plan };
    return (await readFinished({ command: 'plan' } as BuildInputs, known, 0, null)).summary(door);
  };

  it('of a large fleet with much to tell is cut to what GitHub takes, within its fence', async () => {
    const page = await pageOf(Array.from({ length: 600 }, (_, at) => `t${at}`));
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(2 ** 20);
    expect(Buffer.byteLength(page)).toBeGreaterThan(2 ** 20 - 500);
    expect(page.match(/^```/gm)).toHaveLength(2);
    expect(page).toMatch(/\n…\n```\n\nCut here; the log of this step has the rest\.\n$/);
    expect(page).not.toContain('\ufffd');
  });

  it('of a small one is whole', async () => {
    const page = await pageOf(['weu']);
    expect(page).toMatch(/f f f[\s\S]*```\n$/);
    expect(page).not.toContain('Cut here');
  });
});
