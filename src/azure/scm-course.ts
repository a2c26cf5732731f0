/** What all steps of one deployment share, and how they tell our deployment from others'. */
import type { Clock } from '../clock.ts';
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';
import type { DeployProgress } from '../target/slot-client.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import { retryRead } from './retry.ts';
import { type Deployment, judgeDeployment, readDeployments } from './scm-deployments.ts';
import type { ScmSession } from './scm-session.ts';
import type { SiteFacts } from './site-client.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface ScmParts {
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Delivery {
  readonly target: Target;
  readonly slot: Pick<SiteFacts, 'scmHostName' | 'operatingSystem'>;
  readonly release: Release;
  readonly onProgress: (progress: DeployProgress) => void;
}

/** A deployment under way, with all that its steps need. */
export interface Course extends Delivery, ScmParts {
  readonly session: ScmSession;
  readonly untilMs: number;
  readonly asked: Asked;
  /** Deployments that were there before us: never ours. */
  readonly known: ReadonlySet<string>;
}

/** Newest first. A site that never had a deployment answers with an empty list or 404. */
export function listDeployments(
  parts: Pick<ScmParts, 'clock' | 'random'>,
  session: ScmSession,
  asked: Asked,
): Promise<readonly Deployment[]> {
  const read = async () => {
    try {
      return readDeployments(
        (await session.read('/api/deployments?$orderby=ReceivedTime%20desc&$top=20')).body,
      );
    } catch (error) {
      if (error instanceof AnswerError && error.facts.status === 404) return [];
      throw error;
    }
  };
  return retryRead(parts, read, (error) => classify(error, asked));
}

/**
 * Windows' Kudu keeps our message with the deployment; Linux' OneDeploy takes the parameter and forgets it
 * (KuduLite has none), so there ours is one that was not there before. A temporary record carries no message on
 * either; it only says that something is coming.
 */
export function pickOwn({ known, release, slot }: Course, list: readonly Deployment[]): Deployment | null {
  const fresh = list.filter((each) => !known.has(each.id));
  const unnamed = slot.operatingSystem === 'linux' ? fresh.find((each) => !each.temporary) : undefined;
  return (
    fresh.find((each) => each.message.includes(release.id)) ??
    unnamed ??
    fresh.find((each) => each.temporary) ??
    null
  );
}

/** What the site says about this very release, by name: where the message is kept, nothing is sent twice. */
export type Earlier = { readonly is: 'done' } | { readonly is: 'running' } | { readonly is: 'none' };

export function findEarlier(release: Release, list: readonly Deployment[]): Earlier {
  const own = list.find((each) => each.message.includes(release.id) && !each.temporary);
  if (!own) return { is: 'none' };
  const verdict = judgeDeployment(own);
  if (verdict === 'running') return { is: 'running' };
  return { is: verdict === 'success' && own.active ? 'done' : 'none' };
}

/** Ids that cannot be a deployment of ours from here on: all that ended. */
export function endedIds(list: readonly Deployment[]): readonly string[] {
  return list.filter((each) => !each.temporary && judgeDeployment(each) !== 'running').map(({ id }) => id);
}
