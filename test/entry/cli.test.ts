import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { begun, timeline } from '../report/events.ts';
import { startCli } from './start-cli.ts';
import { inTempFolder } from './temp-folder.ts';

const commands = [
  'plan',
  'deploy',
  'rehearse',
  'resume',
  'rollback',
  'status',
  'probe',
  'package',
  'emulator',
  'schema',
];

describe('the command line', () => {
  it('says its version', () =>
    inTempFolder(async (folder) => {
      expect(await startCli(['--version'], folder)).toEqual({ code: 0, out: '0.1.0\n', err: '' });
    }));

  it('shows an example in the help of each command', () =>
    inTempFolder(async (folder) => {
      const all = await startCli(['--help'], folder);
      for (const command of commands) expect(all.out).toContain(`  ${command} `);
      const helps = await Promise.all(commands.map((command) => startCli([command, '--help'], folder)));
      for (const [index, help] of helps.entries()) {
        expect(help.code).toBe(0);
        expect(help.out).toContain(`  $ slotwave ${commands[index]}`);
      }
    }));

  it('shows every flag of its examples', () =>
    inTempFolder(async (folder) => {
      const helps = await Promise.all(commands.map((command) => startCli([command, '--help'], folder)));
      for (const { out } of helps) {
        const [options = '', examples = ''] = out.split('Examples:');
        for (const [flag] of examples.matchAll(/--[a-z-]+/g))
          expect(options).toMatch(new RegExp(` ${flag}[ \\n]`));
      }
    }));

  it('prints the schema that is shipped', () =>
    inTempFolder(async (folder) => {
      const { out } = await startCli(['schema'], folder);
      expect(JSON.parse(out)).toHaveProperty('properties.fleet');
    }));
});

interface Bad {
  readonly says: string;
  readonly words: readonly string[];
  readonly code: number;
  readonly error: string;
  readonly text: readonly (string | RegExp)[];
  readonly prepare?: (folder: string) => Promise<unknown>;
}

const config = (
  target = '/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/g/providers/Microsoft.Web/sites/orders-weu',
) =>
  [
    'app: orders',
    'package: ./app',
    'fleet:',
    '  targets:',
    `    - { name: weu, resourceId: ${target} }`,
    'strategy:',
    '  waves: [{ name: rest }]',
    'probes:',
    '  checks: [{ name: health, path: /api/health }]',
  ].join('\n');

async function writeApp(folder: string): Promise<void> {
  await mkdir(join(folder, 'app'));
  await writeFile(join(folder, 'app/host.json'), '{"version":"2.0"}');
  await writeFile(join(folder, 'slotwave.yml'), config());
}

const cases: readonly Bad[] = [
  { says: 'no command', words: [], code: 2, error: 'usage', text: ['slotwave --help'] },
  {
    says: 'an unknown command',
    words: ['deplyo'],
    code: 2,
    error: 'usage',
    text: ['deplyo', 'Did you mean deploy?'],
  },
  {
    says: 'an unknown flag',
    words: ['plan', '--outt', 'x'],
    code: 2,
    error: 'usage',
    text: ['--outt', 'Did you mean --out?'],
  },
  {
    says: 'a flag without its value',
    words: ['plan', '--config'],
    code: 2,
    error: 'usage',
    text: ['--config'],
  },
  {
    says: 'a word too many',
    words: ['deploy', 'a', 'b'],
    code: 2,
    error: 'usage',
    text: ['Too many arguments'],
  },
  {
    says: 'a number that is none',
    words: ['rehearse', '--seed', 'often'],
    code: 2,
    error: 'usage',
    text: ['--seed', 'often'],
  },
  {
    says: 'no config file',
    words: ['plan'],
    code: 2,
    error: 'config-unreadable',
    text: ['slotwave.yml', 'next:'],
  },
  {
    says: 'a folder as the config file',
    words: ['plan'],
    code: 2,
    error: 'config-unreadable',
    text: ['slotwave.yml'],
    prepare: (folder) => mkdir(join(folder, 'slotwave.yml')),
  },
  {
    says: 'invalid YAML',
    words: ['plan'],
    code: 2,
    error: 'config-invalid',
    text: [/slotwave\.yml:[23]:\d+/],
    prepare: (folder) => writeFile(join(folder, 'slotwave.yml'), 'app: orders\npackage: [\n'),
  },
  {
    says: 'several wrong things at once',
    words: ['plan'],
    code: 2,
    error: 'config-invalid',
    text: [/slotwave\.yml:1:\d+ /, 'app', 'found', /fleet/, 'expected'],
    prepare: (folder) =>
      writeFile(join(folder, 'slotwave.yml'), 'app: 7\nfleeet: {}\nstate: { blob: https://x }\n'),
  },
  {
    says: 'a package without host.json',
    words: ['plan'],
    code: 2,
    error: 'package-host-json-missing',
    text: ['host.json'],
    prepare: async (folder) => {
      await mkdir(join(folder, 'app'));
      await writeFile(join(folder, 'slotwave.yml'), config());
    },
  },
  {
    says: 'a link out of the package',
    words: ['package', 'app'],
    code: 2,
    error: 'package-',
    text: ['link'],
    prepare: async (folder) => {
      await writeApp(folder);
      await symlink('/etc/hostname', join(folder, 'app/leak'));
    },
  },
  {
    says: 'a zip that is not one',
    words: ['package', 'app.zip'],
    code: 2,
    error: 'package-',
    text: ['app.zip'],
    prepare: (folder) => writeFile(join(folder, 'app.zip'), 'PK but no zip'),
  },
  {
    says: 'a package that is not there',
    words: ['package', 'nowhere'],
    code: 2,
    error: 'package-not-found',
    text: ['nowhere'],
  },
  {
    says: 'an unknown cloud',
    words: ['plan', '--cloud', 'AzureMoon'],
    code: 2,
    error: 'cloud-unknown',
    text: ['AzureMoon', 'AzureUSGovernment'],
    prepare: writeApp,
  },
  {
    says: 'a cloud that does not answer',
    words: ['deploy', '--cloud', 'https://localhost:9', '--time-scale', '1000'],
    code: 2,
    error: 'cloud-not-reachable',
    text: ['localhost:9'],
    prepare: writeApp,
  },
  {
    says: 'authorities that cannot be read',
    words: ['plan', '--ca', 'nope.pem'],
    code: 2,
    error: 'ca-unreadable',
    text: ['nope.pem'],
    prepare: writeApp,
  },
  {
    says: 'authorities that are none',
    words: ['plan', '--ca', 'slotwave.yml'],
    code: 2,
    error: 'ca-unreadable',
    text: ['no certificate'],
    prepare: writeApp,
  },
  {
    says: 'a plan that is not there',
    words: ['deploy', 'plan.json'],
    code: 2,
    error: 'plan-unreadable',
    text: ['plan.json'],
  },
  {
    says: 'a plan that is none',
    words: ['deploy', 'plan.json'],
    code: 2,
    error: 'plan-unreadable',
    text: ['slotwave plan --out'],
    prepare: (folder) => writeFile(join(folder, 'plan.json'), '{"version":2}'),
  },
  {
    says: 'nothing to resume',
    words: ['resume'],
    code: 2,
    error: 'rollout-not-found',
    text: ['slotwave deploy'],
  },
  {
    says: 'nothing to roll back',
    words: ['rollback', 'nope'],
    code: 2,
    error: 'rollout-not-found',
    text: ['nope'],
  },
  { says: 'no status to tell', words: ['status'], code: 2, error: 'rollout-not-found', text: ['.slotwave'] },
  {
    says: 'an ambiguous rollout',
    words: ['status', '20261120'],
    code: 2,
    error: 'rollout-ambiguous',
    text: ['-aaaa', '-bbbb'],
    prepare: async (folder) => {
      for (const tail of ['aaaa', 'bbbb'])
        await mkdir(join(folder, `.slotwave/rollouts/20261120-000000-${tail}`), { recursive: true });
    },
  },
  {
    says: 'a rollout that never began',
    words: ['resume'],
    code: 2,
    error: 'rollout-never-began',
    text: ['nothing was touched'],
    prepare: (folder) => mkdir(join(folder, '.slotwave/rollouts/20261120-000000-aaaa'), { recursive: true }),
  },
  {
    says: 'a damaged journal',
    words: ['resume'],
    code: 2,
    error: 'journal-corrupt',
    text: ['journal.ndjson:1'],
    prepare: async (folder) => {
      const place = join(folder, '.slotwave/rollouts/20261120-000000-aaaa');
      await mkdir(place, { recursive: true });
      await writeFile(join(place, 'journal.ndjson'), 'nonsense\n');
    },
  },
  {
    says: 'a world that is not there',
    words: ['rehearse', '--world', 'w.yml'],
    code: 2,
    error: 'file-unreadable',
    text: ['--world', 'it does not exist', 'where: w.yml', 'next:  Name the file: --world <file>'],
    prepare: writeApp,
  },
  {
    says: 'faults that are a folder',
    words: ['rehearse', '--faults', 'app'],
    code: 2,
    error: 'file-unreadable',
    text: ['--faults', 'it is a folder', 'next:'],
    prepare: writeApp,
  },
  {
    says: 'a world of the emulator that is not there',
    words: ['emulator', '--world', 'w.yml'],
    code: 2,
    error: 'file-unreadable',
    text: ['--world', 'it does not exist', 'next:'],
  },
  {
    says: 'a world that the emulator refuses',
    words: ['emulator', '--world', 'w.yml'],
    code: 2,
    error: 'emulator-refused',
    text: [/ w\.yml:1 sites — .*array/, / w\.yml:2 colour — /, 'next:  docs/emulator.md'],
    prepare: (folder) => writeFile(join(folder, 'w.yml'), 'sites: 7\ncolour: blue\n'),
  },
  {
    says: 'a world that the emulator of a rehearsal refuses',
    words: ['rehearse', '--world', 'w.yml'],
    code: 2,
    error: 'emulator-refused',
    text: [/w\.yml:1 sites — .*array/, 'next:  docs/emulator.md'],
    prepare: async (folder) => {
      await writeApp(folder);
      await writeFile(join(folder, 'w.yml'), 'sites: 7\n');
    },
  },
  {
    says: 'a folder for the package that is not there',
    words: ['package', 'app', '--out', 'no/such/app.zip'],
    code: 2,
    error: 'out-unwritable',
    text: [/the folder .*no\/such does not exist/, 'next:'],
    prepare: writeApp,
  },
  {
    says: 'a folder for the plan that is not there',
    words: ['plan', '--out', 'no/such/plan.json', '--cloud', 'https://localhost:9'],
    code: 2,
    error: 'plan-unwritable',
    text: [/the folder .*no\/such does not exist/, 'next:'],
    prepare: writeApp,
  },
  {
    says: 'a rollback without the only file that says how its checks are let in',
    words: ['rollback', '-c', 'gone.yml'],
    code: 2,
    error: 'config-unreadable',
    text: ['gone.yml'],
    prepare: async (folder) => {
      const first = begun(['weu'], [['weu']]);
      if (first.type !== 'rollout.begun') throw new Error('no beginning');
      const check = {
        name: 'health',
        method: 'GET',
        path: '/',
        headers: { 'x-key': '***' },
        expect: { status: 200 },
      };
      const plan = { ...first.plan, probes: { ...first.plan.probes, checks: [check] } };
      const place = join(folder, '.slotwave/rollouts/20261120-135812-k3f9');
      await mkdir(place, { recursive: true });
      const [entry] = timeline([[0, { ...first, plan }]]);
      await writeFile(join(place, 'journal.ndjson'), `${JSON.stringify(entry)}\n`);
    },
  },
];

describe('bad input', () => {
  it.each(cases)(
    '$says: exit $code, [$error], and nothing half done',
    ({ words, code, error, text, prepare }) =>
      inTempFolder(async (folder) => {
        await prepare?.(folder);
        const before = await readdir(folder, { recursive: true });
        const ran = await startCli(words, folder);
        expect(ran).toMatchObject({ code, out: '' });
        expect(ran.err).toMatch(new RegExp(`^error \\[${error}`));
        for (const part of text) expect(ran.err).toMatch(part);
        expect(ran.err).not.toMatch(/\u001b|\n\s+at |undefined|\[object/);
        expect((await readdir(folder, { recursive: true })).sort()).toEqual(before.sort());
      }),
  );

  it('is told as JSON where JSON was asked for', () =>
    inTempFolder(async (folder) => {
      const ran = await startCli(['plan', '--json'], folder);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(JSON.parse(ran.err)).toMatchObject({
        error: { kind: 'input', code: 'config-unreadable', exitCode: 2 },
      });
    }));
});

describe('a command that asks nothing of Azure', () => {
  it('package of a ready zip with --out makes a copy, sound and the same', () =>
    inTempFolder(async (folder) => {
      await writeApp(folder);
      expect(await startCli(['package', 'app', '--out', 'one.zip'], folder)).toMatchObject({ code: 0 });
      const copied = await startCli(['package', 'one.zip', '--out', 'two.zip'], folder);
      expect(copied).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^\S*two\.zip from \S*one\.zip\n/),
      });
      const [one, two] = await Promise.all(
        ['one', 'two'].map((name) => readFile(join(folder, `${name}.zip`))),
      );
      expect(two?.equals(one!)).toBe(true);
      // Onto itself: nothing is lost.
      expect(await startCli(['package', 'one.zip', '--out', 'one.zip'], folder)).toMatchObject({ code: 0 });
      expect((await readFile(join(folder, 'one.zip'))).equals(one!)).toBe(true);
    }));

  it('rehearse warns of slowness that a rehearsal in compressed time cannot show', () =>
    inTempFolder(async (folder) => {
      await writeApp(folder);
      await rm(join(folder, 'app/host.json'));
      await writeFile(join(folder, 'f.yml'), '- then: { app: { sick: { delay: 30s } } }');
      const ran = await startCli(['rehearse', '--faults', 'f.yml'], folder);
      expect(ran.err).toMatch(/^Warning: .*after 30 s, .*500 ms at --time-scale 60; probes\.timeout/);
    }));
});
