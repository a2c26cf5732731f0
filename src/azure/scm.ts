/** A package, onto one slot, through its SCM site: sent, followed, and judged (azure-platform.md §2). */
import { RefusalError } from '../errors.ts';
import type { Release } from '../release/release.ts';
import { stampSetting } from '../release/release.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { deliver } from './deliver.ts';
import { countClosed, scmClosed } from './network-cause.ts';
import { type Course, type Delivery, type Desk, deployDeadlineMs, type ScmParts } from './scm-course.ts';
import type { Deployment } from './scm-deployments.ts';
import { openScmDesk } from './scm-desk.ts';
import { openSession, type ScmSession } from './scm-session.ts';
import { uploadOnce } from './scm-upload.ts';
import { parseObject } from './server-text.ts';
import { sitePath } from './site-client.ts';
import { createUploads } from './uploads.ts';

const settingsWaitMs = 90_000;
const settingsIntervalMs = 5_000;
/** A site that is closed mostly says nothing at all; one that is cold is awake when it is asked again. */
const firstLookTimeoutMs = 30_000;

/** The SCM site of a slot, once it has let us in. */
export interface OpenScm {
  readonly session: ScmSession;
  readonly desk: Desk;
  readonly asked: Asked;
  /** What was deployed before, newest first. */
  readonly earlier: readonly Deployment[];
  readonly untilMs: number;
}

/**
 * Resolves when the deployment of these bytes succeeded. Doing it again is harmless: one that is done is
 * recognised, one that runs is followed.
 *
 * @throws RefusalError: the package, the network or the rights. TransientError: repeat it later.
 */
export async function deployToSlot(parts: ScmParts, delivery: Delivery): Promise<void> {
  await pushTo(await enterScm(parts, delivery), parts, delivery);
}

/** Finds out, before a byte is sent, whether the site can be reached and lets us in. */
export async function enterScm(parts: ScmParts, delivery: Delivery): Promise<OpenScm> {
  const { target, slot, deadlineMs = deployDeadlineMs } = delivery;
  const { clock, transport, tokens, governor } = parts;
  if (!slot.scmHostName) {
    throw new RefusalError(
      `${target.site}/${target.slot} has no SCM site, so nothing can be uploaded to it.`,
      {
        code: 'scm-missing',
        where: target.name,
      },
    );
  }
  const what = `deploy to ${target.site}/${target.slot}`;
  const asked: Asked = { act: 'read', what, where: target.name, site: target.site };
  const untilMs = clock.now() + deadlineMs;
  const hostName = slot.scmHostName;
  const visit = { host: hostName, who: 'the SCM site', site: sitePath(target) };
  const place = { hostName, transport, now: () => clock.now(), enter: () => governor.enterHost(visit) };
  // Second tries count with those at ARM: what is wrong with a region is wrong with both.
  const shareMs = (longestMs: number) => governor.retryWaitMs(target.subscriptionId, longestMs);
  const patience = { clock, random: parts.random, shareMs };
  const enter = async (session: ScmSession): Promise<OpenScm> => {
    const first = { judge: countClosed(), timeoutMs: firstLookTimeoutMs };
    const earlier = await openScmDesk(patience, session, asked, first).list();
    return { session, desk: openScmDesk(patience, session, asked), asked, earlier, untilMs };
  };
  try {
    return await enter(openSession({ ...place, tokens }));
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    if (error.code !== 'credential-refused' || !parts.askForLogin) throw scmClosed(target, hostName, error);
    const login = await parts.askForLogin(target, error);
    return enter(openSession({ ...place, tokens: login, scheme: 'Basic' }));
  }
}

/** The push itself, through a site that let us in. */
export async function pushTo(scm: OpenScm, parts: ScmParts, delivery: Delivery): Promise<void> {
  const { session, earlier, ...rest } = scm;
  await waitForSettings(parts, session, { release: delivery.release, asked: scm.asked });
  const { clock, random } = parts;
  const named = delivery.slot.operatingSystem === 'windows';
  const { uploads = createUploads(clock) } = parts;
  const send = (course: Course) => uploadOnce(course, session, uploads);
  await deliver({ ...delivery, ...rest, clock, random, send, named }, earlier);
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
