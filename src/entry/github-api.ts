/** GitHub's API, as far as it shows what we did: it is asked in the background and can spoil nothing. */
import { createTransport } from '../azure/transport-node.ts';
import { systemClock } from '../clock.ts';
import { neutralise } from '../report/neutralise.ts';
import { createFetch } from './github-fetch.ts';
import { redactSaid } from './secrets.ts';

export type Octokit = ReturnType<typeof import('@actions/github').getOctokit>;

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** Who is told what could not be shown. */
export interface Tell {
  notice(text: string, properties?: { readonly title?: string }): void;
  warning(text: string, properties?: { readonly title?: string }): void;
}

export interface GitHubApi {
  readonly repository: Repository;
  /**
   * Asks, unless the right to do so has turned out to be missing. Null: it could not be done, and that was told.
   * `permission` is the line of a workflow that allows it.
   */
  ask<T>(permission: string, work: (octokit: Octokit, signal: AbortSignal) => Promise<T>): Promise<T | null>;
}

export interface GitHubApiParts {
  readonly token: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tell: Tell;
}

const requestTimeoutMs = 10_000;

/** Null where there is no token or no repository: on a machine that is no runner. */
export function createGitHubApi({ token, environment, tell }: GitHubApiParts): GitHubApi | null {
  const [owner, repo] = (environment['GITHUB_REPOSITORY'] ?? '').split('/');
  if (token === '' || !owner || !repo) return null;
  const missing = new Set<string>();
  let failures = 0;
  let opened: Promise<Octokit> | null = null;
  const open = async () => {
    const { getOctokit } = await import('@actions/github');
    const { send } = createTransport({ clock: systemClock(), environment });
    const baseUrl = environment['GITHUB_API_URL'] || 'https://api.github.com';
    return getOctokit(token, { baseUrl, request: { fetch: createFetch(send, requestTimeoutMs) } });
  };
  return {
    repository: { owner, repo },
    async ask(permission, work) {
      // An outage is told once, and not waited for again with every step.
      if (missing.has(permission) || failures >= 3) return null;
      try {
        opened ??= open();
        return await work(await opened, AbortSignal.timeout(requestTimeoutMs));
      } catch (error) {
        const status = statusOf(error);
        if (missing.has(permission)) return null;
        if (status === 403 || status === 404) {
          missing.add(permission);
          tell.notice(tellPermission(permission), { title: 'slotwave: a permission is missing' });
        } else {
          failures += 1;
          const said = redactSaid(neutralise(error instanceof Error ? error.message : String(error), 300));
          if (failures === 1) tell.warning(`GitHub did not take it: ${said}`, { title: 'slotwave: GitHub' });
        }
        return null;
      }
    },
  };
}

function tellPermission(permission: string): string {
  return [
    'GitHub does not let this job show what it did; the rollout is not touched by that. Add to the job:',
    '',
    'permissions:',
    '  contents: read',
    `  ${permission}`,
  ].join('\n');
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  return typeof error.status === 'number' ? error.status : null;
}
