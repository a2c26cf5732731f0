/** The whole of it: one function from Request to Response over a small world. */
import type { Clock } from '../clock.ts';
import { appServiceError, frontDoorError, throttledAnswer } from './arm/answer.ts';
import { findSlot, readAppPath, splitPath } from './arm/call.ts';
import { answerArm } from './arm/router.ts';
import { assemble } from './assemble.ts';
import type { Blow } from './faults/faults.ts';
import { type Fault, type FaultInput, readFaults } from './faults/schema.ts';
import type { HostRuntime } from './host/runtime.ts';
import { holdBody, type Incoming } from './incoming.ts';
import { answerLogin, isLoginPath } from './login/login.ts';
import { createAddresses, findDoor } from './network/addresses.ts';
import { type Caller, outsider } from './network/caller.ts';
import { type LocatedCaller, locate } from './network/endpoints.ts';
import { answerFront } from './network/front.ts';
import { unknownSite } from './network/pages.ts';
import { ConnectionLost, type FetchPackage, type Identity, type Platform, type Tenant } from './platform.ts';
import { keepAnswered, tellExchange } from './record/channel.ts';
import { answerScm } from './scm/router.ts';
import { takeSnapshot, type WorldSnapshot } from './snapshot.ts';
import type { WorldEvent } from './world/history.ts';
import type { WorldInput } from './world/schema.ts';
import type { Slot } from './world/state.ts';

export interface EmulatorOptions {
  /** The short form is enough: `{ sites: [{ name: 'orders-weu', region: 'westeurope' }] }`. */
  readonly world: WorldInput;
  readonly faults?: readonly FaultInput[];
  readonly clock: Clock;
  /** Ids, keys and faults with a probability come from it. */
  readonly seed?: number;
  readonly runtime: HostRuntime;
  /** Where ARM is: `https://localhost:8443`. Apps and SCM sites carry the same port. */
  readonly origin?: string;
  /** The same for callers inside of the virtual network, who are answered with addresses of their own port. */
  readonly insideOrigin?: string;
  /** Fetches packages that are given by URL. Without it there are none to be had. */
  readonly fetchPackage?: FetchPackage;
  /** How fast `clock` runs against the wall: tokens live as long as their client's wall clock says. */
  readonly timeScale?: number;
}

export interface Emulator {
  /** Answers as Azure would. Rejects with ConnectionLost (ECONNRESET) where a fault loses the connection. */
  fetch(request: Request, caller?: Caller): Promise<Response>;
  /** Everything that changed the world, oldest first. */
  readonly history: readonly WorldEvent[];
  readonly identity: Identity;
  /** The principals of all tenants, that of `identity` first. */
  readonly tenants: readonly Tenant[];
  readonly origin: string;
  snapshot(): WorldSnapshot;
  /** Replaces all faults; their counts begin anew. Throws BadInput. */
  setFaults(faults: readonly FaultInput[]): void;
  /** Ends what is under way and all hosts. Requests that wait are rejected. */
  close(): Promise<void>;
}

/** Throws BadInput with everything that is wrong with the world or the faults. */
export function createEmulator(options: EmulatorOptions): Emulator {
  const { platform, history, end } = assemble(options);
  const { insideOrigin } = options;
  // Who stands inside sees the same world under addresses of its own.
  const inner =
    insideOrigin === undefined
      ? platform
      : { ...platform, addresses: createAddresses(insideOrigin, platform.addresses.domain) };
  return {
    fetch: async (request, caller = outsider) => {
      const located = locate(platform, caller);
      return answer(located.inside ? inner : platform, request, located);
    },
    history,
    identity: platform.identity,
    tenants: platform.tenants,
    origin: platform.addresses.origin,
    snapshot: () => takeSnapshot(platform),
    setFaults: (faults) => platform.faults.replace(readFaults(faults) satisfies readonly Fault[]),
    close: end,
  };
}

async function answer(platform: Platform, request: Request, caller: LocatedCaller): Promise<Response> {
  const url = new URL(request.url);
  const door = findDoor(platform.addresses, url.hostname);
  if (door.kind === 'nowhere' || !caller.serves(door)) return unknownSite();
  const isLogin = door.kind === 'arm' && isLoginPath(url.pathname);
  const slot =
    door.kind === 'arm' ? subjectOf(platform, url) : (platform.slotsByLabel.get(door.label) ?? null);
  const facts = {
    door: isLogin ? ('login' as const) : door.kind,
    method: request.method,
    path: url.pathname,
    slot,
  };
  const { delayMs, blow, expireTokens } = platform.faults.strike(facts);
  if (expireTokens) platform.tokens.expireAll();
  await platform.sleep(delayMs);
  const incoming: Incoming = {
    request,
    url,
    method: request.method,
    door,
    caller,
    slot,
    resetAfterBytes: blow?.kind === 'reset' ? blow.afterBytes : null,
  };
  const response = await strikeWith(platform, blow, incoming, (now) => handle(platform, now, isLogin));
  if (door.kind === 'arm' && !isLogin) tellExchange(request, url, response);
  return response;
}

/** Whose request an ARM path is; null when it is about no slot that exists. */
function subjectOf(platform: Platform, url: URL): Slot | null {
  const path = readAppPath(splitPath(url.pathname));
  return path && findSlot(platform, path);
}

async function handle(platform: Platform, incoming: Incoming, isLogin: boolean): Promise<Response> {
  const { door, slot } = incoming;
  if (door.kind === 'arm') return isLogin ? answerLogin(platform, incoming) : answerArm(platform, incoming);
  if (!slot) return unknownSite();
  return door.kind === 'scm'
    ? answerScm(platform, slot, incoming)
    : answerFront(platform, slot, incoming.request, incoming.caller);
}

type Effect = (incoming: Incoming) => Promise<Response>;

/** What is carried out after its connection is gone is kept in memory until then. */
const heldLimitBytes = 256 * 1024 * 1024;

async function strikeWith(
  platform: Platform,
  blow: Blow | null,
  incoming: Incoming,
  effect: Effect,
): Promise<Response> {
  switch (blow?.kind) {
    case undefined:
    case 'reset':
      return effect(incoming);
    case 'lost':
      if (blow.effect === 'after' && blow.laterMs === null) await effect(incoming);
      else if (blow.effect === 'after') await carryOutLater(platform, incoming, effect, blow.laterMs ?? 0);
      throw new ConnectionLost(
        blow.effect === 'after' ? 'after the request was carried out' : 'before the request was read',
      );
    case 'throttled': {
      const subscription = incoming.slot?.site.subscription ?? platform.world.subscription;
      const operation = `${incoming.method}/${incoming.url.pathname}`;
      return throttledAnswer(blow.code, blow.retryAfter, { subscription, operation });
    }
    case 'status': {
      if (blow.effect === 'before') await effect(incoming);
      if (blow.effect === 'after') await carryOutLater(platform, incoming, effect, blow.laterMs);
      return faultyAnswer(blow, incoming.door.kind);
    }
    default:
      return blow satisfies never;
  }
}

/** The caller does not wait for this: it happens behind the caller's back (azure-platform.md §3.5). */
async function carryOutLater(
  platform: Platform,
  incoming: Incoming,
  effect: Effect,
  laterMs: number,
): Promise<void> {
  const held = await holdBody(incoming, heldLimitBytes);
  platform.inBackground(async () => {
    await platform.sleep(laterMs);
    await effect(held).catch((thrown: unknown) => {
      if (!(thrown instanceof ConnectionLost)) throw thrown;
    });
  });
}

function faultyAnswer(blow: Extract<Blow, { kind: 'status' }>, door: string): Response {
  const { status, headers } = blow;
  if (status === 204 || status === 205 || status === 304) return new Response(null, { status, headers });
  if (blow.body !== null) return keepAnswered(new Response(blow.body, { status, headers }), blow.body);
  const code = blow.code ?? 'InternalServerError';
  const message =
    blow.message ?? 'The server encountered an internal error and was unable to complete the request.';
  if (door !== 'arm') return new Response(message, { status, headers });
  if (blow.dialect === 'front-door') return frontDoorError(status, code, message, headers);
  const answer = appServiceError(status, code, message);
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
  return answer;
}
