/** Which road a package takes to a slot: pushed to its SCM site, or fetched by the slot as ARM tells it to. */
import type { Clock } from '../clock.ts';
import type { ConfigDelivery } from '../config/config.ts';
import { RefusalError, SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SlotClient } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { networkCauseOf } from './network-cause.ts';
import { pullToSlot } from './one-deploy.ts';
import type { PackageStore } from './package-store.ts';
import { askForScmLogin } from './publishing-credentials.ts';
import type { Road } from './road.ts';
import { enterScm, type OpenScm, pushTo } from './scm.ts';
import type { Delivery, ScmParts } from './scm-course.ts';
import { readSlot, recallSlot } from './site-client.ts';
import { demandMovable } from './sticky-package.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';
import { syncTriggers } from './trigger-sync.ts';
import { createUploads, type Uploads } from './uploads.ts';

export interface RoadParts {
  readonly arm: Arm;
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hide: (secret: string) => void;
  /** The shelf that packages are fetched from; null when none is configured. */
  readonly store: PackageStore | null;
  /** Shared by all that send packages from this process; one of its own when there is no other. */
  readonly uploads?: Uploads | undefined;
}

export interface RoadOptions {
  readonly delivery: ConfigDelivery;
  /** For one deployment, from the first look to the verdict. */
  readonly deadlineMs?: number | undefined;
  /** The road to the target's SCM site; absent, or without an answer: the usual one. */
  readonly roadFor?: ((target: Target) => Road | undefined) | undefined;
  /** A turn that people should know of, as a sentence. */
  readonly onNotice: (target: Target, what: string) => void;
}

export const plainPush: ConfigDelivery = {
  mode: 'push',
  store: null,
  url: null,
  remoteBuild: false,
  keep: 5,
};

/** @throws RefusalError: the package, the network or the rights. TransientError: repeat it later. */
export function createDelivery(parts: RoadParts, options: RoadOptions): SlotClient['deployPackage'] {
  const { arm, hide } = parts;
  const scm: ScmParts = {
    ...parts,
    uploads: parts.uploads ?? createUploads(parts.clock),
    governor: arm.governor,
    askForLogin: (target, refused) => askForScmLogin(arm, target, { refused, hide }),
  };
  return async (target, release, onProgress, { expectedMs, onSent } = {}) => {
    const expectedEndMs = expectedMs === undefined ? undefined : parts.clock.now() + expectedMs;
    const slot = await recallSlot(arm, target);
    const { deadlineMs } = options;
    const delivery = { target, slot, release, onProgress, deadlineMs, expectedEndMs, onSent };
    await demandMovable(arm, target);
    demandBuildable(target, slot, options.delivery);
    if (options.delivery.mode !== 'push') return pull(parts, options, delivery);
    const here = { ...scm, transport: takeRoad(scm.transport, options.roadFor?.(target)) };
    const entered = await enterOrTurn(here, delivery, parts.store !== null);
    if ('session' in entered) return pushTo(entered, here, delivery);
    options.onNotice(
      target,
      `its SCM site cannot be reached from here (${entered.cause}): the slot fetches the package from ${options.delivery.store} instead`,
    );
    return pull(parts, options, delivery);
  };
}

/** What is asked of ARM and the store goes as ever: a target's road leads to the target. */
function takeRoad(transport: Transport, road: Road | undefined): Transport {
  return road === undefined ? transport : (request) => transport({ ...request, road });
}

/** The SCM site, or why there is no way to it while there is another road. */
async function enterOrTurn(
  scm: ScmParts,
  delivery: Delivery,
  hasOtherRoad: boolean,
): Promise<OpenScm | { readonly cause: string }> {
  try {
    return await enterScm(scm, delivery);
  } catch (error) {
    const origin =
      error instanceof SlotwaveError && error.cause instanceof SlotwaveError ? error.cause : error;
    const cause = origin instanceof SlotwaveError ? networkCauseOf(origin) : null;
    if (cause === null || !hasOtherRoad) throw error;
    return { cause };
  }
}

/** The SCM site does not see where these bytes come from, so the platform is told of the triggers (§2.8). */
async function pull(parts: RoadParts, { delivery }: RoadOptions, pulled: Delivery): Promise<void> {
  const urlFor = await openSource(parts, delivery, pulled);
  // When it was last touched is told by this moment alone.
  const slot = await readSlot(parts.arm, pulled.target);
  await pullToSlot(parts, { ...pulled, slot, urlFor });
  await syncTriggers(parts, pulled.target);
}

async function openSource(
  { store, hide }: RoadParts,
  delivery: ConfigDelivery,
  { target, release, onProgress }: Delivery,
): Promise<(lifeMs: number) => Promise<string>> {
  const { url } = delivery;
  if (delivery.mode === 'url' && url !== null) {
    hideQuery(url, hide);
    return () => Promise.resolve(url);
  }
  if (store === null) {
    throw new RefusalError(`There is no store from which ${target.site}/${target.slot} could fetch.`, {
      code: 'store-missing',
      where: target.name,
      next: 'Name one: delivery: { mode: pull, store: https://<account>.blob.core.windows.net/<container> }.',
    });
  }
  await store.keep(release, (sentBytes) => onProgress({ sentBytes, totalBytes: release.bytes }));
  return (lifeMs) => store.lend(release, lifeMs);
}

/** Whatever stands behind the question mark may be what opens it. */
function hideQuery(url: string, hide: (secret: string) => void): void {
  const { search, searchParams } = new URL(url);
  hide(search.slice(1));
  for (const [, value] of searchParams) if (value.length >= 16) hide(value);
}

/** Oryx, which builds on the SCM site, is there on Linux alone; on Windows the zip would be unpacked as it is. */
function demandBuildable(target: Target, slot: Delivery['slot'], { remoteBuild }: ConfigDelivery): void {
  if (!remoteBuild || slot.operatingSystem === 'linux') return;
  throw new RefusalError(
    `${target.site}/${target.slot} runs on Windows, where function apps are not built on the SCM site.`,
    {
      code: 'remote-build-on-windows',
      where: target.name,
      next: 'Build before packing (npm ci, dotnet publish) and leave delivery.remoteBuild out.',
    },
  );
}

/** What a slot needs so that its SCM site builds what it is given, and what it must not have: peers.md §2.2, §2.6. */
export function settingsFor({ remoteBuild }: ConfigDelivery): Readonly<Record<string, string>> {
  if (!remoteBuild) return {};
  return {
    SCM_DO_BUILD_DURING_DEPLOYMENT: 'true',
    ENABLE_ORYX_BUILD: 'true',
    // What is built lies in the folder; a mounted package would hide it.
    WEBSITE_RUN_FROM_PACKAGE: '0',
  };
}
