/** The commands of the release workflow, run as a runner runs them, on a repository and a GitHub that are played. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { root } from './entry/start-cli.ts';

interface Workflow {
  readonly defaults: object;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { name?: string; run?: string }[] }>>;
}

let work: string;
let workflow: Workflow;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'slotwave-release-'));
  workflow = parse(await readFile(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
});
afterAll(() => rm(work, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** As GitHub starts `shell: bash`; without that word a command that fails in a pipe would be passed over. */
async function runStep(
  job: string,
  name: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const step = workflow.jobs[job]?.steps.find((each) => each.name === name);
  if (step?.run === undefined) throw new Error(`The job ${job} has no step "${name}" that runs anything.`);
  expect(workflow.defaults).toEqual({ run: { shell: 'bash' } });
  const file = join(work, `${job}.sh`);
  await writeFile(file, step.run);
  const environment = { PATH: process.env['PATH'], HOME: work, ...env };
  return promisify(execFile)('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
    cwd,
    env: environment,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  );
}

describe('before anything is released', () => {
  const changelog =
    '# Changelog\n\n## [1.2.30]\n\n- Later.\n\n## [1.2.3] - 2026-11-20\n\n- A thing.\n\n## [1.2.2]\n\n- Old.\n';

  it.each([
    ['a tag on main that the changelog tells of', { tag: 'v1.2.3' }, 0, ''],
    [
      'a tag of another version',
      { tag: 'v1.2.4' },
      1,
      'file=package.json::The tag is v1.2.4, but package.json says 1.2.3',
    ],
    ['a tag beside main', { tag: 'v1.2.3', beside: true }, 1, 'v1.2.3 is not on main'],
    [
      'a changelog without the version',
      { tag: 'v1.2.3', notes: '## [1.2.2]\n\n- Old.\n' },
      1,
      'no section "## [1.2.3]"',
    ],
    [
      'an empty section',
      { tag: 'v1.2.3', notes: '## [1.2.3]\n\n## [1.2.2]\n- Old.\n' },
      1,
      'no section "## [1.2.3]"',
    ],
  ] as const)('%s', async (name, story: { tag: string; beside?: boolean; notes?: string }, code, told) => {
    const cwd = join(work, name.replaceAll(' ', '-'));
    await mkdir(cwd);
    const git = async (...words: readonly string[]) =>
      (
        await promisify(execFile)(
          'git',
          ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false', ...words],
          {
            cwd,
          },
        )
      ).stdout.trim();
    await writeFile(join(cwd, 'package.json'), '{"version":"1.2.3"}');
    await writeFile(join(cwd, 'CHANGELOG.md'), story.notes ?? changelog);
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'one');
    await git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    if (story.beside) await git('commit', '--quiet', '--allow-empty', '-m', 'beside');
    const env = { GITHUB_REF_NAME: story.tag, GITHUB_SHA: await git('rev-parse', 'HEAD') };
    const ran = await runStep('check', 'The tag is the version, on main, and the changelog tells of it', {
      cwd,
      env,
    });
    expect(ran).toEqual({ code, out: expect.stringContaining(told) });
    if (code === 0) expect((await readFile(join(cwd, 'out/notes.md'), 'utf8')).trim()).toBe('- A thing.');
  });
});

describe('the moving major tag', () => {
  /** A `gh` that lists these tags, fails where it is told to, and writes down what else it was asked. */
  async function playGh(
    name: string,
    tags: readonly string[],
    failing: string,
  ): Promise<{ cwd: string; bin: string }> {
    const cwd = join(work, name.replaceAll(' ', '-'));
    const bin = join(cwd, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(cwd, 'refs'), tags.map((tag) => `refs/tags/${tag}\n`).join(''));
    await writeFile(join(cwd, 'asked'), '');
    await writeFile(
      join(bin, 'gh'),
      `#!/bin/sh\ncase "$*" in *"${failing}"*) exit 1 ;; *matching-refs*) cat refs ;; *) echo "$*" >> asked ;; esac\n`,
      { mode: 0o755 },
    );
    return { cwd, bin };
  }
  const patch = 'api --method PATCH repos/o/r/git/refs/tags/v1 -f sha=abc -F force=true\n';
  const post = 'api --method POST repos/o/r/git/refs -f ref=refs/tags/v1 -f sha=abc\n';

  it.each([
    ['moves to the newest', ['v1.2.3', 'v1.9.0', 'v1.10.0'], 'never', 0, patch],
    ['is made where there is none', ['v1.10.0'], 'PATCH', 0, post],
    ['stays for a repair of an older version', ['v1.10.0', 'v1.11.0'], 'never', 0, ''],
    ['is an error where GitHub does not answer', ['v1.10.0'], 'matching-refs', 1, ''],
  ])('%s', async (name, tags, failing, code, asked) => {
    const { cwd, bin } = await playGh(name, tags, failing);
    const env = {
      PATH: `${bin}${delimiter}${process.env['PATH']}`,
      GITHUB_REF_NAME: 'v1.10.0',
      GITHUB_SHA: 'abc',
      GITHUB_REPOSITORY: 'o/r',
    };
    const ran = await runStep('github', 'The major tag that workflows name moves to it', { cwd, env });
    expect({ ...ran, asked: await readFile(join(cwd, 'asked'), 'utf8') }).toEqual({
      code,
      asked,
      out: expect.any(String),
    });
  });
});
