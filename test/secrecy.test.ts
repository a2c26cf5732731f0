/**
 * Nothing secret in any output, and nothing hostile that acts: secrets are planted wherever Azure could repeat them,
 * whole rollouts are carried out by the real command line, and then everything that was written is searched.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { findBuilt } from './entry/built.ts';
import { type Ran, startCli } from './entry/start-cli.ts';
import { type BlurtingAzure, serveBlurting, subscription } from './secrecy/blurting-azure.ts';
import { type Captured, findHarm, findSecrets, hostile, longestLine, planted } from './secrecy/planted.ts';
import { type Road, roads } from './secrecy/roads.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';

let baggage: Baggage;
beforeAll(async () => {
  baggage = await packBaggage();
  const app = join(baggage.folder, 'after');
  await writeFile(join(baggage.folder, 'slotwave.yml'), writeConfig(app, '15m'));
  await writeFile(join(baggage.folder, 'hasty.yml'), writeConfig(app, '3m'));
  await writeFile(
    join(baggage.folder, 'after/local.settings.json'),
    JSON.stringify({ Values: { KEY: planted['local setting in the package folder'] } }),
  );
});
afterAll(() => baggage.close());

const voices = [
  { voice: 'in sentences', words: [] },
  { voice: 'as JSON', words: ['--json', '--verbose'] },
] as const;

describe.each(roads)('a rollout that is $name', (road) => {
  it.concurrent.each(voices)(
    'tells no secret and does no harm $voice',
    ({ words }) =>
      onRoad(road, async (azure, state) => {
        const ran = await startCli(
          [
            'deploy',
            '-c',
            road.runsOut ? 'hasty.yml' : 'slotwave.yml',
            '--state',
            state,
            ...words,
            ...azure.flags,
          ],
          baggage.folder,
          azure.environment,
          { timeoutMs: 60_000 },
        );
        expect(ran).toMatchObject({ code: road.code });
        expect(azure.slips).toBeGreaterThan(0);
        searchTexts(ran, azure.captured, words.length === 0);
        await searchFolder(join(baggage.folder, state), azure.captured);
      }),
    90_000,
  );
});

const hasScript = existsSync('/usr/bin/script');

describe('the other places where text of others is told', () => {
  const [settling, refusing] = [roads[0]!, roads[1]!];

  (hasScript ? it.concurrent : it.concurrent.skip).each([settling, refusing])(
    'the live table on a terminal: $name',
    (road) =>
      onRoad(road, async (azure, state) => {
        const words = ['deploy', '--state', state, ...azure.flags].map((word) => `'${word}'`).join(' ');
        const command = `${process.execPath} ${(await findBuilt()).cli} ${words}`;
        const ran = await runOnTerminal(command, azure.environment);
        expect(ran.out).toContain('\u001b[?25l');
        expect(findSecrets(ran.out, azure.captured)).toEqual([]);
        expect(findHarm(ran.out, true)).toEqual([]);
        await searchFolder(join(baggage.folder, state), azure.captured);
      }),
    90_000,
  );

  it.concurrent(
    'a plan, its file, and the status of a rollout',
    () =>
      onRoad(refusing, async (azure, state) => {
        const run = (...words: readonly string[]) =>
          startCli([...words, '--state', state, ...azure.flags], baggage.folder, azure.environment, {
            timeoutMs: 60_000,
          });
        const planned = await run('plan', '--out', 'plan.json');
        expect(planned).toMatchObject({ code: 0 });
        await run('deploy', 'plan.json');
        for (const ran of [
          planned,
          await run('plan', '--json'),
          await run('status'),
          await run('status', '--json'),
        ])
          searchTexts(ran, azure.captured, false);
        expect(
          findSecrets(await readFile(join(baggage.folder, 'plan.json'), 'utf8'), azure.captured),
        ).toEqual([]);
      }),
    90_000,
  );

  it.concurrent(
    'what cannot be read for a status',
    () =>
      onRoad(refusing, async (azure, state) => {
        const run = (...words: readonly string[]) =>
          startCli([...words, '--state', state, ...azure.flags], baggage.folder, azure.environment, {
            timeoutMs: 60_000,
          });
        await run('deploy');
        let asked = 0;
        const silent: Road = {
          name: '',
          code: 13,
          slips: [
            {
              // Asked for together with production's settings: when it is asked again, those may be told.
              on: 'POST */sites/neu/slots/staging/config/appsettings/list',
              say: (text) =>
                ++asked % 2 === 1
                  ? new Response('', { status: 503 })
                  : Response.json({ error: { code: 'Bad', message: text } }, { status: 400 }),
            },
          ],
        };
        await onRoad(silent, async (other) => {
          for (const words of [[], ['--json']]) {
            const ran = await startCli(
              ['status', '--state', state, ...words, ...other.flags],
              baggage.folder,
              other.environment,
            );
            expect(asked % 2).toBe(0);
            expect(other.slips).toBe(asked);
            searchTexts(ran, other.captured, false);
          }
        });
      }),
    90_000,
  );

  it.concurrent('a fleet whose own words are hostile, in a plan', () => {
    const turned = async (pass: () => Promise<Response>) => {
      const site = (await (await pass()).json()) as Record<string, unknown>;
      const properties = site['properties'] as Record<string, unknown>;
      const sku = { name: `P1 ${hostile}`, tier: `Unheard of ${hostile}` };
      return Response.json({
        ...site,
        location: `West ${hostile} Europe`,
        ...('sku' in site ? { sku } : {}),
        properties: { ...properties, state: `Stopped ${hostile}`, sku: hostile },
      });
    };
    const road: Road = {
      name: '',
      code: 2,
      slips: ['GET */sites/weu', 'GET */sites/weu/slots/staging', 'GET */serverfarms/*'].map((on) => ({
        on,
        say: (_text, pass) => turned(pass),
      })),
    };
    return onRoad(road, async (azure) => {
      for (const words of [['plan'], ['plan', '--json'], ['deploy']]) {
        const ran = await startCli([...words, ...azure.flags], baggage.folder, azure.environment);
        expect(`${ran.out}${ran.err}`).toMatch(/Unheard of/);
        searchTexts(ran, azure.captured, false);
      }
    });
  }, 90_000);

  it.concurrent.each([
    { what: 'listed', names: ['##vso[task.complete]x', '::add-mask::x', 'turn\u202ed'], words: ['--list'] },
    { what: 'as JSON', names: ['##vso[task.complete]x', '::add-mask::x', 'turn\u202ed'], words: ['--json'] },
    { what: 'refused', names: ['##vso[x]\u001b[2J', '::add-mask::\u0085next', 'a\nb'], words: [] },
  ])('a package whose names are hostile, $what', async ({ what, names, words }) => {
    const folder = join(baggage.folder, `names ${what}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'host.json'), '{"version":"2.0"}');
    for (const name of names) await writeFile(join(folder, name), '');
    const ran = await startCli(['package', folder, ...words], baggage.folder);
    const told = `${ran.out}${ran.err}`;
    expect([/vso\[/.test(told), /add-mask/.test(told)]).toEqual([true, true]);
    expect([...findHarm(ran.out), ...findHarm(ran.err)]).toEqual([]);
  });
});

function writeConfig(packagePath: string, deadline: string): string {
  const id = (site: string) =>
    `/subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Web/sites/${site}`;
  return `app: orders
package: ${packagePath}
fleet:
  targets:
    - { name: weu, resourceId: ${id('weu')} }
    - { name: neu, resourceId: ${id('neu')} }
strategy:
  progressDeadline: 3h
  waves:
    - { name: canary, targets: [weu], bakeTime: 10s }
    - { name: rest, bakeTime: 10s }
probes:
  checks:
    - name: health
      path: /api/health?token=${planted['query of a check']}
      headers: { x-check: "${planted['header of a check']}" }
      expect: { status: 200, json: { release: "{releaseId}" } }
  interval: 5s
  timeout: 30s
  consecutiveSuccessLimit: 2
  deadline: ${deadline}
settings: { CONFIGURED: "${planted['value of a setting in the config']}" }
`;
}

let rollouts = 0;

async function onRoad(
  road: Road,
  work: (azure: BlurtingAzure, state: string) => Promise<void>,
): Promise<void> {
  const azure = await serveBlurting(baggage, road.slips);
  const state = `state-${++rollouts}`;
  try {
    await work(azure, state);
  } finally {
    await azure.close();
    await rm(join(baggage.folder, state), { recursive: true, force: true });
  }
}

function searchTexts({ out, err, signedIn = '' }: Ran, captured: Captured, isText: boolean): void {
  for (const text of [out, err, signedIn]) {
    expect(findSecrets(text, captured)).toEqual([]);
    expect(findHarm(text)).toEqual([]);
    if (isText) expect(longestLine(text)).toBeLessThan(2_500);
  }
}

/** Everything on the disk, and everything in every zip there; settings travel to Azure and nowhere else. */
async function searchFolder(folder: string, captured: Captured): Promise<void> {
  if (!existsSync(folder)) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    const parts = entry.name.endsWith('.zip') ? [bytes, ...Object.values(unzipSync(bytes))] : [bytes];
    for (const part of parts) {
      const secrets = findSecrets(Buffer.from(part).toString('utf8'), captured);
      expect({ file: entry.name, secrets }).toEqual({ file: entry.name, secrets: [] });
    }
  }
}

function runOnTerminal(
  command: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly out: string }> {
  const env = { PATH: process.env['PATH'], HOME: baggage.folder, TERM: 'xterm-256color', ...environment };
  return new Promise((resolve) => {
    execFile(
      '/usr/bin/script',
      ['-qec', `stty cols 120 rows 40; ${command}`, '/dev/null'],
      { cwd: baggage.folder, env, timeout: 60_000, maxBuffer: 2 ** 28 },
      (_error, out) => resolve({ out }),
    );
  });
}
