/** A package, onto one slot, through its SCM site: sent, followed, and judged (azure-platform.md §2). */
import { RefusalError } from '../errors.ts';
import type { Release } from '../release/release.ts';
import { stampSetting } from '../release/release.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { type Delivery, endedIds, findEarlier, listDeployments, type ScmParts } from './scm-course.ts';
import { followDeployment } from './scm-follow.ts';
import { openSession, type ScmSession } from './scm-session.ts';
import { deliver } from './scm-upload.ts';
import { parseObject } from './server-text.ts';

/** From the first byte to the verdict, waiting for others' deployments included. */
export const deployDeadlineMs = 20 * 60_000;
const settingsWaitMs = 90_000;
const settingsIntervalMs = 5_000;

/**
 * Resolves when the deployment of these bytes succeeded. Doing it again is harmless: one that is done is
 * recognised, one that runs is followed.
 *
 * @throws RefusalError: the package, the network or the rights. TransientError: repeat it later.
 */
export async function deployToSlot(parts: ScmParts, delivery: Delivery): Promise<void> {
  const { target, slot, release } = delivery;
  const { clock, transport, tokens } = parts;
  if (!slot.scmHostName) {
    throw new RefusalError(
      `${target.site}/${target.slot} has no SCM site, so nothing can be uploaded to it.`,
      {
        code: 'scm-missing',
        where: target.name,
      },
    );
  }
  const session = openSession({ hostName: slot.scmHostName, transport, tokens, now: () => clock.now() });
  const what = `deploy to ${target.site}/${target.slot}`;
  const asked: Asked = { act: 'read', what, where: target.name, site: target.site };
  const untilMs = clock.now() + deployDeadlineMs;
  // The first look also finds out, before a byte is sent, whether this site can be reached and lets us in.
  const earlier = await listDeployments(parts, session, asked);
  await waitForSettings(parts, session, { release, asked });
  const own = findEarlier(release, earlier);
  if (own.is === 'done') return;
  // One that runs under our name is ours from an earlier life; all others that are there are not.
  const others =
    own.is === 'running' ? earlier.filter((each) => !each.message.includes(release.id)) : earlier;
  const known = new Set([...others.map(({ id }) => id), ...endedIds(earlier)]);
  const course = { ...parts, ...delivery, session, untilMs, asked, known };
  await (own.is === 'running' ? followDeployment(course, null) : deliver(course));
}

/**
 * Settings reach the SCM site after ARM has them, by a restart; a deployment that such a restart meets is lost
 * (kudu#3171). Some SCM sites do not tell their settings: then the deployment's own verdict has to do.
 */
async function waitForSettings(
  parts: ScmParts,
  session: ScmSession,
  { release, asked }: { readonly release: Release; readonly asked: Asked },
): Promise<void> {
  const { clock } = parts;
  for (const untilMs = clock.now() + settingsWaitMs; clock.now() < untilMs; ) {
    const found = await readStamp(session, asked);
    if (found === release.id || found === 'untold') return;
    await clock.sleep(settingsIntervalMs);
  }
}

/** `/api/settings` is one object of all of them (what Microsoft's own action reads); values stay here. */
async function readStamp(session: ScmSession, asked: Asked): Promise<string | null> {
  try {
    const settings = parseObject((await session.read('/api/settings')).body);
    const value = settings?.[stampSetting];
    return typeof value === 'string' ? value : null;
  } catch (thrown) {
    const error = classify(thrown, asked);
    if (error.kind === 'transient') return null;
    if (error.code === 'not-found') return 'untold';
    throw error;
  }
}
