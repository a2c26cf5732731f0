/**
 * Three rollouts of the example app on the emulator: a good release, one that does not load, and one that is
 * sick in production in a single region. Before and after each, every region's running app is asked over HTTPS
 * what it is. Ends with 0 when all three ended as they should.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { askRegions, type RegionAnswer } from './demo-ask.ts';
import { type Emulated, startEmulator } from './demo-emulator.ts';
import { makeVariant, type VariantKind } from './demo-variants.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'orders');
const cli = join(root, 'dist', 'cli.js');
/** A rehearsed hour in a minute: bakes of minutes take seconds, and a cold start still looks like one. */
const timeScale = 60;

interface Scene {
  readonly title: string;
  readonly told: string;
  readonly variant: VariantKind;
  /** What goes wrong in the emulated Azure, given the release that is live before. */
  readonly faults: (live: string) => readonly unknown[];
  readonly exitCode: number;
  /** True when every region must answer with the new release afterwards. */
  readonly isNewLive: boolean;
}

const scenes: readonly Scene[] = [
  {
    title: 'A good release',
    told: 'It is staged in six regions, looked at, and promoted in three waves.',
    variant: 'good',
    faults: () => [],
    exitCode: 0,
    isNewLive: true,
  },
  {
    title: 'A release whose entry file does not load',
    told: 'Its host says "Running" and / answers 200. Its list of functions is empty, and that is what counts.',
    variant: 'broken',
    faults: () => [],
    exitCode: 10,
    isNewLive: false,
  },
  {
    title: 'A release that is well in staging and sick in production, in one region of the second wave',
    told: 'Every region that had been promoted goes back to what it ran before.',
    variant: 'good',
    // The app falls ill there some time after it arrived: staging, and the first looks at production, are fine.
    faults: (live) => [
      {
        when: { site: 'orders-eus' },
        // biome-ignore lint/suspicious/noThenProperty: the word of the faults file.
        then: { app: { sick: { in: 'production', status: 500, after: '15s', release: `!${live}` } } },
      },
    ],
    exitCode: 11,
    isNewLive: false,
  },
];

const work = await mkdtemp(join(tmpdir(), 'slotwave-demo-'));
let emulator: Emulated | null = null;
try {
  emulator = await startEmulator({ root, work, config: join(example, 'slotwave.yml'), timeScale });
  say(`An emulated Azure listens at ${emulator.url}; its time runs ${timeScale} times as fast.`);
  const failures: string[] = [];
  for (const [index, scene] of scenes.entries()) failures.push(...(await play(emulator, scene, index + 1)));
  say('');
  for (const failure of failures) say(`NOT AS IT SHOULD BE: ${failure}`);
  say(
    failures.length === 0
      ? 'All three scenes ended as they should.'
      : `${failures.length} things did not end as they should.`,
  );
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  await emulator?.stop();
  await rm(work, { recursive: true, force: true });
}

async function play(azure: Emulated, scene: Scene, number: number): Promise<readonly string[]> {
  say(`\n━━ Scene ${number} of ${scenes.length}: ${scene.title} ━━`);
  say(scene.told);
  const app = join(work, `app-${number}`);
  await makeVariant(scene.variant, example, app, `orders ${number + 1}`);
  const config = await writeConfig(app, number);
  say('\nWhat every region answers before:');
  const before = show(await askRegions(azure));
  await azure.setFaults(scene.faults(before[0]?.release ?? ''));
  say(`\n$ slotwave deploy -c ${config}`);
  const exitCode = await deploy(azure, config);
  await azure.setFaults([]);
  say(`\nExit code ${exitCode}. What every region answers after:`);
  const after = show(await askRegions(azure));
  return judge(scene, number, exitCode, before, after);
}

function judge(
  scene: Scene,
  number: number,
  exitCode: number,
  before: readonly RegionAnswer[],
  after: readonly RegionAnswer[],
): readonly string[] {
  const wrong: string[] = [];
  if (exitCode !== scene.exitCode)
    wrong.push(`scene ${number}: exit code ${exitCode}, expected ${scene.exitCode}`);
  for (const [at, region] of after.entries()) {
    const was = before[at]?.release ?? null;
    const isNew = region.release !== null && region.release !== was;
    if (region.status !== 200) wrong.push(`scene ${number}: ${region.name} answers ${region.status}`);
    if (isNew !== scene.isNewLive) {
      wrong.push(`scene ${number}: ${region.name} answers with ${region.release}, before it was ${was}`);
    }
  }
  if (new Set(after.map((each) => each.release)).size !== 1)
    wrong.push(`scene ${number}: the regions do not agree`);
  return wrong;
}

/** The example's own config, with this scene's folder as the package. */
async function writeConfig(app: string, number: number): Promise<string> {
  const document = parseDocument(await readFile(join(example, 'slotwave.yml'), 'utf8'));
  document.set('package', app);
  document.setIn(['settings', 'ORDERS_VERSION'], `${number}.0.0`);
  const file = join(work, `scene-${number}.yml`);
  await writeFile(file, document.toString());
  return file;
}

function deploy(azure: Emulated, config: string): Promise<number> {
  const flags = [
    '--cloud',
    azure.url,
    '--ca',
    azure.ca,
    '--time-scale',
    String(azure.timeScale),
    '--anchor',
    String(azure.anchorMs),
  ];
  const child = spawn(
    process.execPath,
    [cli, 'deploy', '-c', config, '--state', join(work, 'state'), ...flags],
    {
      stdio: 'inherit',
      env: { ...process.env, ...azure.credentials },
    },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function show(answers: readonly RegionAnswer[]): readonly RegionAnswer[] {
  for (const { name, region, status, release, code } of answers) {
    say(
      `  ${name.padEnd(5)} ${region.padEnd(15)} ${status}  release ${(release ?? 'none').padEnd(42)} code "${code ?? '?'}"`,
    );
  }
  return answers;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
