/** What all steps of one deployment share, and how they tell our deployment from others'. */
import type { Clock } from '../clock.ts';
import type { RefusalError, SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';
import type { DeployProgress } from '../target/slot-client.ts';
import type { Asked } from './asked.ts';
import type { Governor } from './governor.ts';
import { type Deployment, judgeDeployment } from './scm-deployments.ts';
import type { SiteFacts } from './site-client.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';
import type { Uploads } from './uploads.ts';

export interface ScmParts {
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly governor: Governor;
  /** Shared by all that send packages from this process; one of its own when there is no other. */
  readonly uploads?: Uploads | undefined;
  /**
   * Asked when the SCM site does not accept our token: user and password of the slot, or a RefusalError that
   * says why there is none to be had.
   */
  readonly askForLogin?: ((target: Target, refused: RefusalError) => Promise<Tokens>) | undefined;
}

export interface Delivery {
  readonly target: Target;
  readonly slot: Pick<SiteFacts, 'scmHostName' | 'operatingSystem'>;
  readonly release: Release;
  readonly onProgress: (progress: DeployProgress) => void;
  /** From the first look to the verdict, waiting for others' deployments included; `deployDeadlineMs` when absent. */
  readonly deadlineMs?: number | undefined;
  /** Called when there is nothing more to do but wait. */
  readonly onSent?: (() => void) | undefined;
  /** When it is likely to be over, for the pace of looking. */
  readonly expectedEndMs?: number | undefined;
}

export const deployDeadlineMs = 20 * 60_000;

/** A deployment under way, with all that its steps need. */
export interface Course extends Delivery, Pick<ScmParts, 'clock' | 'random'> {
  readonly desk: Desk;
  /** Hands the package over, or says where it is to be had: once. */
  readonly send: (course: Course) => Promise<Sent>;
  readonly untilMs: number;
  readonly asked: Asked;
  /** Whether the site keeps our name with the deployment. */
  readonly named: boolean;
  /** Deployments that were there before us: never ours. */
  readonly known: ReadonlySet<string>;
}

/** Where deployments are told: the SCM site itself, or ARM in its place. */
export interface Desk {
  /** Newest first, empty when there never was one. Patient by itself; rejects with a SlotwaveError. */
  list(): Promise<readonly Deployment[]>;
  /** One look at one deployment. Rejects as a single request does. */
  one(id: string): Promise<Looked>;
  /** One look at where the site said to look. */
  at(location: string): Promise<Looked>;
  /** What its log says of trouble; empty when nothing. Rejects as a single request does. */
  log(id: string): Promise<string>;
  /** Where people find the log. */
  logAddress(id: string): string;
}

export interface Looked {
  readonly found: Deployment | null;
  readonly retryAfterMs: number | null;
}

export type Sent =
  | { readonly is: 'taken'; readonly location: string | null }
  /** Another deployment holds the site: waiting costs nothing but time. */
  | { readonly is: 'busy'; readonly error: SlotwaveError }
  /** Certainly not taken. */
  | { readonly is: 'missed'; readonly error: SlotwaveError }
  /** Perhaps taken. */
  | { readonly is: 'lost'; readonly error: SlotwaveError };

/**
 * Windows' Kudu keeps our message with a zip that was pushed; OneDeploy takes the parameter and forgets it, on
 * either system, so there ours is one that was not there before. A temporary record carries no message; it only
 * says that something is coming. What then runs is asked for its stamp, whosever record this was.
 */
export function pickOwn({ known, release, named }: Course, list: readonly Deployment[]): Deployment | null {
  const fresh = list.filter((each) => !known.has(each.id));
  const unnamed = named ? undefined : fresh.find((each) => !each.temporary);
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
