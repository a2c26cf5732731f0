import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { outputs } from '../../src/config/outputs.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { root } from '../entry/start-cli.ts';
import { jobToken, type Ladder, type Runner, startJob } from './github-runner.ts';
import { type PlayedAzure, planted, playAzure, signedAddress, subscriptionId } from './played-azure.ts';
import { type PlayedGitHub, playGitHub } from './played-github.ts';

/** The action as a runner starts it: real processes of the bundle, an Azure and a GitHub that are played. */
const limitMs = 120_000;
const sites = ['one', 'sick-weu', 'sick-eus', 'stop-weu', 'stop-eus', 'kill', 'plan', 'url-weu', 'url-eus'];

let folder: string;
let azure: PlayedAzure;
let github: PlayedGitHub;
const jobs: Runner[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-github-'));
  [azure, github] = await Promise.all([playAzure(folder, sites), playGitHub()]);
}, limitMs);

afterAll(async () => {
  github?.stop();
  await azure?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A job with a checkout of its own. */
async function openJob(name: string, more: Readonly<Record<string, string>> = {}): Promise<Job> {
  const workspace = join(folder, name);
  mkdirSync(workspace);
  const runner = await startJob(workspace, { ...azure.environment, ...github.environment, ...more });
  jobs.push(runner);
  return {
    workspace,
    runner,
    run: (inputs, cancel) => runner.run({ ...signIn(), ...azure.inputs, ...inputs }, cancel),
    async readJournal() {
      const rollouts = join(workspace, '.slotwave/rollouts');
      const [id = ''] = await readdir(rollouts);
      const text = await readFile(join(rollouts, id, 'journal.ndjson'), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Recorded);
    },
  };
}

interface Job {
  readonly workspace: string;
  readonly runner: Runner;
  run(inputs: Readonly<Record<string, string>>, cancel?: Ladder): ReturnType<Runner['run']>;
  readJournal(): Promise<readonly Recorded[]>;
}

const signIn = () => ({ 'client-id': azure.clientId, 'tenant-id': azure.tenantId });

const oneApp = (app: string) => ({
  'app-name': app,
  'resource-group-name': 'g',
  'subscription-id': subscriptionId,
  package: join(root, 'examples/orders'),
  'health-check-path': '/api/health',
});

function writeFleet(workspace: string, app: string, packagePath = join(root, 'examples/orders')): void {
  const id = (region: string) =>
    `/subscriptions/${subscriptionId}/resourceGroups/g/providers/Microsoft.Web/sites/${app}-${region}`;
  writeFileSync(
    join(workspace, 'slotwave.yml'),
    `app: ${app}
package: ${packagePath}
fleet:
  targets:
    - { name: weu, resourceId: ${id('weu')} }
    - { name: eus, resourceId: ${id('eus')} }
strategy:
  waves:
    - { name: first, targets: [weu], bakeTime: 60s }
    - { name: rest }
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200 } }]
  interval: 5s
  consecutiveSuccessLimit: 2
swap: { observeFor: 20s }
settings: { ORDERS_VERSION: "cfg=9f3a!config-setting-41Bd" }
`,
  );
}

describe('the action', () => {
  it(
    'rolls one app out without a config file, as nobody but this job, and tells all that a workflow may ask for',
    async () => {
      const job = await openJob('one');
      const step = await job.run({ ...oneApp('one'), deployments: 'per-target' });
      expect(step).toMatchObject({ code: 0, annotations: [] });
      expect(step.log).toContain("with this GitHub job's own tokens");
      // Masked before anything else is said.
      expect(step.raw.split('\n').slice(1, 3)).toEqual([
        `::add-mask::${jobToken}`,
        '::add-mask::job-token-of-this-run',
      ]);
      expect(step.raw.match(/^::add-mask::eyJ/gm)?.length).toBeGreaterThan(0);
      const keys = await azure.readKeys('one');
      expect(keys.filter((key) => step.raw.includes(`::add-mask::${key}\n`)).length).toBeGreaterThan(0);
      expect(step.groups).toEqual(['Staging and looking, beside production', 'Wave all']);
      const [begun] = await job.readJournal();
      const release = begun?.type === 'rollout.begun' ? begun.release.id : '';
      expect(step.outputs).toMatchObject({
        outcome: 'settled',
        'exit-code': '0',
        rollout: begun?.rollout,
        'release-id': release,
        'app-url': expect.stringMatching(/^https:\/\/one\.azurewebsites\./),
        targets: '1',
        promoted: '1',
        failed: '0',
        changes: 'true',
      });
      expect(Object.keys(step.outputs).sort()).toEqual(outputs.map(({ name }) => name).sort());
      expect(await readFile(step.outputs['report'] ?? '', 'utf8')).toBe(step.summary);
      expect(step.summary).toMatch(/^## ✅ one settled/);
      expect(github.deployments).toEqual([
        {
          id: 1,
          environment: 'one',
          payload: { rollout: begun?.rollout },
          states: ['in_progress', 'success'],
          urls: [step.outputs['app-url'], step.outputs['app-url']],
        },
      ]);
      // Nothing is left to say after the last step.
      expect(await job.runner.post()).toMatchObject({ code: 0, annotations: [], summary: '' });

      const back = await job.run({ command: 'rollback', deployments: 'per-target' });
      expect(back).toMatchObject({
        code: 0,
        outputs: { outcome: 'rolled-back', reverted: '1', promoted: '0' },
      });
      expect(github.deployments.map(({ states }) => states.at(-1))).toEqual(['inactive']);
    },
    limitMs,
  );

  it(
    'says what is wrong with its inputs and with the file, at the line where it is, before anybody is asked',
    async () => {
      const job = await openJob('wrong');
      const inputs = await job.run({ command: 'deplyo', force: 'perhaps' });
      expect(inputs).toMatchObject({ code: 2, outputs: { outcome: 'failed', 'exit-code': '2' } });
      const text = inputs.annotations.map((each) => each.text).join('\n');
      expect(text).toMatch(/command — is not one of[\s\S]*Did you mean deploy\?[\s\S]*force — is neither/);

      const both = await job.run({ ...oneApp('one'), 'subscription-id': 'x', 'slot-name': 'production' });
      expect(both.code).toBe(2);
      expect(both.log).toMatch(/ subscription-id — [\s\S]* slot-name — is the live slot/);

      writeFileSync(
        join(job.workspace, 'slotwave.yml'),
        'app: orders\npackage: ./app\nfleet: {}\nwaves: []\n',
      );
      const file = await job.run({});
      expect(file.annotations).toEqual([
        expect.objectContaining({
          kind: 'error',
          file: 'slotwave.yml',
          line: '3',
          text: expect.stringMatching(/target/),
        }),
        expect.objectContaining({
          kind: 'error',
          file: 'slotwave.yml',
          line: '4',
          text: expect.stringMatching(/strategy/),
        }),
        expect.objectContaining({ kind: 'error', title: 'slotwave: config-invalid' }),
      ]);
      expect(file.summary).toContain('❌');

      const packed = await job.run({ command: 'package', package: join(root, 'examples/orders') });
      expect(packed).toMatchObject({ code: 0, outputs: { outcome: 'done' } });
      expect((await readFile(new URL(packed.outputs['package-url'] ?? ''))).length).toBeGreaterThan(10_000);

      rmSync(join(job.workspace, 'slotwave.yml'));
      const absent = await job.run({});
      expect(absent.log).toContain('config: FILE');
      expect(github.asked.filter((each) => each.includes('issues'))).toEqual([]);
    },
    limitMs,
  );

  it(
    'plans on a pull request: one comment that is replaced, and what is missing is said as the lines to add',
    async () => {
      const job = await openJob('plan', {
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: join(folder, 'event.json'),
      });
      writeFileSync(join(folder, 'event.json'), JSON.stringify({ pull_request: { number: 7 } }));
      const plan = { ...oneApp('plan'), command: 'plan' };
      github.comments.push({
        id: 1,
        body: '<!-- slotwave plan plan -->by somebody else',
        user: { type: 'User' },
      });
      const first = await job.run(plan);
      expect(first).toMatchObject({ code: 0, outputs: { outcome: 'done', changes: 'true', promoted: '1' } });
      expect(JSON.parse(await readFile(first.outputs['plan'] ?? '', 'utf8'))).toHaveProperty('version', 1);
      await job.run({ ...plan, package: join(root, 'examples/orders'), force: 'true' });
      expect(github.comments).toHaveLength(2);
      expect(github.comments[0]?.body).toContain('by somebody else');
      expect(github.comments[1]?.body).toMatch(/^<!-- slotwave plan plan -->\n## 📋 plan: 1 of 1 targets/);

      github.denied = /comments/;
      const denied = await job.run(plan);
      github.denied = null;
      expect(denied.code).toBe(0);
      expect(denied.annotations).toEqual([
        expect.objectContaining({
          kind: 'notice',
          text: expect.stringContaining('permissions:\n  contents: read\n  pull-requests: write'),
        }),
      ]);
    },
    limitMs,
  );

  it(
    'refuses a package that does not load, and a fleet that falls ill is taken back, with the readings that decided',
    async () => {
      const job = await openJob('sick');
      const broken = join(job.workspace, 'broken');
      cpSync(join(root, 'examples/orders'), broken, { recursive: true });
      writeFileSync(join(broken, 'src/index.js'), "throw new Error('ORDERS_DATABASE is not set');\n");
      writeFleet(job.workspace, 'sick', broken);
      const refused = await job.run({ deployments: 'fleet', environment: 'production' });
      expect(refused).toMatchObject({
        code: 10,
        outputs: { outcome: 'refused', promoted: '0', failed: '2' },
      });
      expect(refused.summary).toMatch(/^## ⛔ sick refused: nothing live was touched/);
      expect(refused.annotations.map(({ title }) => title)).toContain('weu: refused');

      await azure.setFaults([sickInProduction('sick-eus')]);
      const back = await job.run({
        package: join(root, 'examples/orders'),
        deployments: 'fleet',
        environment: 'production',
      });
      expect(back).toMatchObject({
        code: 11,
        outputs: { outcome: 'rolled-back', promoted: '0', reverted: '2' },
      });
      expect(back.summary).toMatch(/^## ↩️ sick rolled back/);
      expect(back.summary).toMatch(/### Why it was taken back[\s\S]*\| eus \|.*production.*health: .*500/);
      expect(back.groups.at(-1)).toBe('Taking back');
      expect(back.annotations.find(({ title }) => title === 'eus: failed')).toBeDefined();
      expect(github.deployments.filter(({ environment }) => environment === 'production')).toEqual([
        expect.objectContaining({ states: ['in_progress', 'failure'] }),
        expect.objectContaining({
          states: ['in_progress', 'in_progress', 'in_progress', 'in_progress', 'failure'],
        }),
      ]);
    },
    limitMs,
  );

  it(
    'cancelled in the middle of a swap, loses nothing: the next run finishes it, and every swap was asked for once',
    async () => {
      const job = await openJob('stop', azure.withSecret);
      writeFleet(job.workspace, 'stop');
      const ladder: Ladder = {
        when: / weu .*: promoting /,
        signals: [
          ['SIGINT', 0],
          ['SIGTERM', 7_500],
          ['SIGKILL', 10_000],
        ],
      };
      const inputs = { 'client-id': '', 'tenant-id': '', deployments: 'per-target' };
      const cancelled = await job.run(inputs, ladder);
      expect(cancelled).toMatchObject({ code: 130, outputs: { outcome: 'interrupted', 'exit-code': '130' } });
      const { rollout = '' } = cancelled.outputs;
      expect(cancelled.log).toContain(`command: resume, rollout: ${rollout}`);
      expect(cancelled.summary).toMatch(/^## ⏸️ stop interrupted[\s\S]*command: resume\n {4}rollout: /);
      expect(await job.runner.post()).toMatchObject({ code: 0, summary: '' });

      const resumed = await job.run({ ...inputs, command: 'resume', rollout });
      expect(resumed).toMatchObject({ code: 0, outputs: { outcome: 'settled', promoted: '2' } });
      expect(await Promise.all(['stop-weu', 'stop-eus'].map((site) => azure.countSwaps(site)))).toEqual([
        1, 1,
      ]);
      expect(github.deployments.filter(({ environment }) => environment.startsWith('stop-'))).toEqual([
        expect.objectContaining({ environment: 'stop-weu', payload: { rollout } }),
        expect.objectContaining({ environment: 'stop-eus', payload: { rollout } }),
      ]);
    },
    limitMs,
  );

  it(
    'killed at once, is written down by what comes after the last step, and can be taken back',
    async () => {
      const job = await openJob('kill');
      const killed = await job.run(oneApp('kill'), { when: /: promoting /, signals: [['SIGKILL', 0]] });
      expect(killed.code).toBe('SIGKILL');
      const post = await job.runner.post();
      expect((await job.readJournal()).at(-1)).toMatchObject({
        type: 'rollout.interrupted',
        signal: 'SIGKILL',
      });
      expect(post.annotations).toEqual([
        expect.objectContaining({
          kind: 'warning',
          text: expect.stringMatching(/command: resume and rollout: /),
        }),
      ]);
      expect(post.summary).toMatch(/^## ⏸️ kill interrupted/);
      const probe = await job.run({ ...oneApp('kill'), command: 'probe', target: 'kill', side: 'live' });
      expect(probe).toMatchObject({ code: 0, outputs: { outcome: 'done' } });
      expect(probe.summary).toMatch(/^## slotwave probe\n\n```text\n[\s\S]*kill/);
      const status = await job.run({ ...oneApp('kill'), command: 'status' });
      expect(status).toMatchObject({
        code: 0,
        summary: expect.stringMatching(/interrupted[\s\S]*kill +westeurope/),
      });
    },
    limitMs,
  );

  it(
    'does not show the signature by which slots are to fetch, where they cannot',
    async () => {
      const job = await openJob('url');
      const sealed = { command: 'package', seal: 'true', out: 'sealed.zip' };
      const packed = await job.run({ ...sealed, package: join(root, 'examples/orders') });
      expect(packed).toMatchObject({ code: 0, outputs: { outcome: 'done' } });
      writeFleet(job.workspace, 'url', './sealed.zip');
      appendFileSync(
        join(job.workspace, 'slotwave.yml'),
        `delivery: { mode: url, url: "${signedAddress}" }\n`,
      );
      const refused = await job.run({});
      expect(refused).toMatchObject({ code: 10, outputs: { outcome: 'refused', promoted: '0' } });
      expect(refused.summary).toMatch(/the deployment ended as[\s\S]*\*\*eus\*\*: Read its log/);
    },
    limitMs,
  );

  it('shows no secret that is not masked, in any line of any of these jobs', async () => {
    const keys = await Promise.all(sites.map((site) => azure.readKeys(site)));
    const shown = jobs.flatMap((job) => job.shown);
    expect(shown.length).toBeGreaterThan(12);
    for (const [name, secret] of Object.entries({
      ...planted,
      'token of the job': jobToken,
      'setting of the config': 'cfg=9f3a!config-setting-41Bd',
      ...Object.fromEntries(keys.flat().map((key, at) => [`key ${at} of a host`, key])),
    }))
      expect({ name, shown: shown.filter((text) => text.includes(secret)) }).toEqual({ name, shown: [] });
    // What tokens look like.
    expect(shown.filter((text) => /eyJ[\w-]{10,}\.[\w-]{10,}/.test(text))).toEqual([]);
  });
});

const sickInProduction = (site: string) => ({
  when: { site },
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
  then: { app: { sick: { in: 'production', status: 500, after: '1s', content: 'arrived' } } },
});
