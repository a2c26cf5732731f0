/** GitHub Deployments: the repository's page shows what runs where. */
import pLimit from 'p-limit';
import type { Plan } from '../plan/plan.ts';
import type { EndStanding, Outcome, Recorded } from '../rollout/events.ts';
import type { GitHubApi } from './github-api.ts';

export type DeploymentMode = 'off' | 'fleet' | 'per-target';

export interface DeploymentsRequest {
  readonly api: GitHubApi;
  readonly mode: Exclude<DeploymentMode, 'off'>;
  /** Empty: the app's name. */
  readonly environment: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  warn(text: string): void;
}

export interface Deployments {
  /** What happened before; GitHub has been told. */
  remember(history: readonly Recorded[]): void;
  happened(event: Recorded): void;
  /** Waits until everything said so far has been told to GitHub. */
  flush(): Promise<void>;
}

type State = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

interface Shown {
  readonly environment: string;
  readonly url: string;
}

const permission = 'deployments: write';
/** GitHub asks for no more than a few requests at once that make something. */
const maxRequests = 2;
/** More environments than that are no overview, and GitHub takes no more than 80 such requests a minute. */
const maxTargets = 40;

export function createDeployments(request: DeploymentsRequest): Deployments {
  const limit = pLimit(maxRequests);
  const ids = new Map<string, Promise<number | null>>();
  /** The last thing said of each environment: one after another, or an old state could overtake a new one. */
  const last = new Map<string, Promise<unknown>>();
  let plan: Plan | null = null;
  let mode = request.mode;

  const set = (rollout: string, shown: Shown, state: State, said: string) => {
    const { environment } = shown;
    const id = ids.get(environment) ?? limit(() => findOrCreate(request, rollout, environment));
    ids.set(environment, id);
    const before = last.get(environment) ?? Promise.resolve();
    const telling = before
      .then(() => id)
      .then((known) => (known === null ? null : limit(() => setStatus(request, known, shown, state, said))));
    last.set(environment, telling);
  };
  const shownFor = (target: string | null): Shown => showFor(request.environment, plan, target);

  const begin = (begun: Plan) => {
    plan = begun;
    if (mode !== 'per-target' || begun.targets.length <= maxTargets) return;
    mode = 'fleet';
    request.warn(`${begun.targets.length} targets are too many for an environment each; the fleet gets one.`);
  };

  return {
    remember(history) {
      for (const event of history) if (event.type === 'rollout.begun') begin(event.plan);
    },
    happened(event) {
      if (event.type === 'rollout.begun') begin(event.plan);
      if (plan === null) return;
      const { rollout } = event;
      for (const [target, state, said] of mode === 'fleet' ? fleetStates(event) : targetStates(event))
        set(rollout, shownFor(target), state, said);
    },
    async flush() {
      await Promise.allSettled(last.values());
    },
  };
}

type Change = readonly [target: string | null, state: State, said: string];

function fleetStates(event: Recorded): readonly Change[] {
  switch (event.type) {
    case 'rollout.begun':
    case 'rollout.resumed':
      return [[null, 'in_progress', 'Staging and looking']];
    case 'wave.opened':
      return [[null, 'in_progress', `Wave ${event.wave}`]];
    case 'rollback.decided':
      return [[null, 'in_progress', 'Taking back']];
    case 'rollout.interrupted':
      return [[null, 'in_progress', 'Interrupted; goes on with command: resume']];
    case 'rollout.ended':
      return [[null, stateOfOutcome[event.outcome], event.why]];
    default:
      return [];
  }
}

const stateOfOutcome: Readonly<Record<Outcome, State>> = {
  settled: 'success',
  refused: 'failure',
  'rolled-back': 'failure',
  stranded: 'error',
  halted: 'error',
};

/** A target that nothing was done to has nothing to show. */
function targetStates(event: Recorded): readonly Change[] {
  switch (event.type) {
    case 'promote.begun':
      return [[event.target, 'in_progress', 'Promoting']];
    case 'target.failed':
      return [[event.target, 'failure', event.why]];
    case 'revert.begun':
      return [[event.target, 'in_progress', 'Taking back']];
    case 'target.reverted':
      return [[event.target, 'inactive', 'Taken back: the release from before is live again']];
    case 'target.stranded':
      return [[event.target, 'error', event.why]];
    case 'rollout.ended':
      return event.standings.flatMap((standing) => endState(standing));
    default:
      return [];
  }
}

function endState({ target, phase }: EndStanding): readonly Change[] {
  if (phase === 'settled') return [[target, 'success', 'Live']];
  const isOpen = ['promoting', 'promoted', 'observed', 'baked', 'reverting'].includes(phase);
  return isOpen ? [[target, 'error', 'The rollout ended before it was through']] : [];
}

function showFor(prefix: string, plan: Plan | null, target: string | null): Shown {
  const named = prefix || plan?.app || 'slotwave';
  const facts =
    plan?.targets.find((each) => each.facts.target.name === target)?.facts ?? plan?.targets[0]?.facts;
  return {
    // One app that is its only target is not named twice.
    environment: target === null || target === plan?.app ? named : `${named}-${target}`,
    url: facts ? `https://${facts.production.hostName}` : '',
  };
}

/** A rollout that is gone on with has its deployment already. */
async function findOrCreate(
  { api, env }: DeploymentsRequest,
  rollout: string,
  environment: string,
): Promise<number | null> {
  const found = await api.ask(permission, async (octokit, signal) => {
    const { data } = await octokit.rest.repos.listDeployments({
      ...api.repository,
      environment,
      per_page: 30,
      request: { signal },
    });
    return data.find(({ payload }) => rolloutOf(payload) === rollout)?.id ?? 0;
  });
  if (found === null) return null;
  if (found > 0) return found;
  return api.ask(permission, async (octokit, signal) => {
    const { data } = await octokit.rest.repos.createDeployment({
      ...api.repository,
      ref: env['GITHUB_SHA'] ?? 'HEAD',
      environment,
      description: `slotwave rollout ${rollout}`,
      payload: { rollout },
      auto_merge: false,
      // That a check of this very run is not through yet must not forbid it.
      required_contexts: [],
      request: { signal },
    });
    return 'id' in data ? data.id : null;
  });
}

function rolloutOf(payload: unknown): unknown {
  if (typeof payload === 'object' && payload !== null && 'rollout' in payload) return payload.rollout;
  return null;
}

/** GitHub takes 140 characters. */
const maxSaidChars = 140;

function setStatus(
  { api, env }: DeploymentsRequest,
  deploymentId: number,
  { url }: Shown,
  state: State,
  said: string,
): Promise<unknown> {
  const run = env['GITHUB_RUN_ID'];
  const log = run
    ? `${env['GITHUB_SERVER_URL'] ?? 'https://github.com'}/${env['GITHUB_REPOSITORY']}/actions/runs/${run}`
    : '';
  return api.ask(permission, (octokit, signal) =>
    octokit.rest.repos.createDeploymentStatus({
      ...api.repository,
      deployment_id: deploymentId,
      state,
      description: said.length > maxSaidChars ? `${said.slice(0, maxSaidChars - 1)}…` : said,
      ...(url === '' ? {} : { environment_url: url }),
      ...(log === '' ? {} : { log_url: log }),
      request: { signal },
    }),
  );
}
