/**
 * The pull: the slot is told, through ARM, where its package is to be had (azure-platform.md §2.6). Who fetches is
 * the SCM site's worker, by its own outbound network, so this machine needs no way to it.
 *
 * It is OneDeploy and not `WEBSITE_RUN_FROM_PACKAGE=<url>`: with that setting every cold start fetches again, so
 * the app dies on the day on which the signature ends (azure-functions-host#9113), and a shelf that is tidied up
 * takes production down. OneDeploy fetches once and keeps the bytes with the slot, where a swap moves them.
 */
import type { Clock } from '../clock.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { deploymentVersion, openArmDesk } from './arm-desk.ts';
import type { Asked } from './asked.ts';
import { deliver, readFailedSend } from './deliver.ts';
import { type Delivery, deployDeadlineMs, type Sent } from './scm-course.ts';
import { type SiteFacts, slotPath } from './site-client.ts';

export interface PullParts {
  readonly arm: Arm;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Pull extends Delivery {
  readonly slot: Pick<SiteFacts, 'scmHostName' | 'operatingSystem' | 'lastModified'>;
  /** Where the package is, good for at least this long; asked for anew each time, because it may end. */
  readonly urlFor: (lifeMs: number) => Promise<string>;
}

/** @throws as `deployToSlot` does. */
export async function pullToSlot(parts: PullParts, pull: Pull): Promise<void> {
  const { arm, clock, random } = parts;
  const { target, deadlineMs = deployDeadlineMs } = pull;
  const untilMs = clock.now() + deadlineMs;
  const asked: Asked = {
    act: 'read',
    what: `have ${target.site}/${target.slot} fetch its package`,
    where: target.name,
    site: target.site,
  };
  const desk = openArmDesk(arm, target, () => clock.now());
  const earlier = await desk.list();
  await waitForRestart(clock, pull.slot.lastModified);
  const send = async (): Promise<Sent> =>
    askToFetch(arm, { target, asked, url: await pull.urlFor(Math.max(0, untilMs - clock.now())) });
  await deliver({ ...pull, clock, random, desk, asked, untilMs, send, named: false }, earlier);
}

interface Fetch {
  readonly target: Target;
  readonly asked: Asked;
  readonly url: string;
}

/** Raw, because the SDK's operation has no body and no slot (§0.4). */
async function askToFetch(arm: Arm, { target, asked, url }: Fetch): Promise<Sent> {
  try {
    await arm.send(target.subscriptionId, {
      method: 'PUT',
      url: `${slotPath(target)}/extensions/onedeploy?${deploymentVersion}`,
      body: { properties: { type: 'zip', packageUri: url, clean: true, restart: true } },
    });
    return { is: 'taken', location: null };
  } catch (thrown) {
    return readFailedSend(thrown, asked);
  }
}

/** How long the SCM site needs to see settings that ARM has: it restarts for them, and loses what it does then. */
const restartMs = 60_000;

/**
 * kudu#3171, without an SCM site that could be asked for its settings: what was written to the slot a moment ago
 * is given time to arrive. A slot that was last touched earlier is not waited for.
 */
async function waitForRestart(clock: Clock, lastModified: string | null): Promise<void> {
  const sinceMs = lastModified === null ? Number.NaN : clock.now() - Date.parse(lastModified);
  if (sinceMs >= -restartMs && sinceMs < restartMs)
    await clock.sleep(Math.min(restartMs, restartMs - sinceMs));
}
