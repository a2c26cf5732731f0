/** What `plan` found, as one comment on the pull request that later runs replace. */
import { readFile } from 'node:fs/promises';
import type { GitHubApi, Octokit } from './github-api.ts';

export interface CommentRequest {
  readonly api: GitHubApi;
  /** Tells one plan's comment from another's. */
  readonly app: string;
  readonly markdown: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** GitHub takes 65,536 characters. */
const maxChars = 65_000;
/** A discussion that is longer gets a second comment rather than minutes of paging. */
const maxPages = 10;

export async function commentPlan({ api, app, markdown, env }: CommentRequest): Promise<void> {
  const pull = await readPullRequest(env);
  if (pull === null) return;
  const marker = `<!-- slotwave plan ${encodeURIComponent(app)} -->`;
  const body = cut(`${marker}\n${markdown}`);
  await api.ask('pull-requests: write', async (octokit, signal) => {
    const at = { ...api.repository, request: { signal } };
    const own = await findOwn(octokit, at, pull, marker);
    return own === null
      ? octokit.rest.issues.createComment({ ...at, issue_number: pull, body })
      : octokit.rest.issues.updateComment({ ...at, comment_id: own, body });
  });
}

interface At {
  readonly owner: string;
  readonly repo: string;
  readonly request: { readonly signal: AbortSignal };
}

/** Anybody can write the marker; only a comment of an app is taken for ours. */
async function findOwn(octokit: Octokit, at: At, pull: number, marker: string): Promise<number | null> {
  for (let page = 1; page <= maxPages; page++) {
    const { data } = await octokit.rest.issues.listComments({
      ...at,
      issue_number: pull,
      per_page: 100,
      page,
    });
    const own = data.find(({ body, user }) => body?.startsWith(marker) && user?.type === 'Bot');
    if (own) return own.id;
    if (data.length < 100) break;
  }
  return null;
}

/** Cut within the fenced text, which is closed again. */
function cut(text: string): string {
  if (text.length <= maxChars) return text;
  const [fence = '```'] = /^`{3,}/m.exec(text) ?? [];
  const lines = text.slice(0, maxChars).split('\n').slice(0, -1);
  return [...lines, '…', fence, 'Cut here; the whole plan stands in the summary of the run.'].join('\n');
}

async function readPullRequest(env: CommentRequest['env']): Promise<number | null> {
  const path = env['GITHUB_EVENT_PATH'];
  if (!path || !(env['GITHUB_EVENT_NAME'] ?? '').startsWith('pull_request')) return null;
  try {
    const event = JSON.parse(await readFile(path, 'utf8')) as {
      readonly pull_request?: { readonly number?: unknown };
    };
    const number = event.pull_request?.number;
    return typeof number === 'number' ? number : null;
  } catch {
    return null;
  }
}
