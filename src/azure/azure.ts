/** Azure as the doors see it: everything of this room, joined once. */
import type { Clock } from '../clock.ts';
import type { Fleet, Target } from '../plan/fleet.ts';
import type { SiteState } from '../probe/diagnosis.ts';
import type { Reach } from '../probe/once.ts';
import type { Vantage } from '../probe/vantage.ts';
import type { Side } from '../probe/verdict.ts';
import type { SlotClient } from '../target/slot-client.ts';
import { createArmVantage } from './arm-look.ts';
import { routeByTarget } from './by-target.ts';
import type { Cloud } from './cloud.ts';
import { createCredential } from './credential.ts';
import type { CredentialChoice, Environment } from './credential-choice.ts';
import { createDelivery, type RoadOptions } from './delivery.ts';
import { createReach } from './dependencies.ts';
import { readEndpointAddress } from './endpoint-address.ts';
import { createGovernor, type Governor } from './governor.ts';
import { createHostKey, type HostKey } from './host-keys.ts';
import type { PackageOwner } from './package-label.ts';
import { openPackageStore, type PackageStore, type StoreParts, storageScope } from './package-store.ts';
import { openRealms, type Realm } from './realm.ts';
import { resetPrepared } from './reset.ts';
import type { Road } from './road.ts';
import { createScmCommand } from './scm-command.ts';
import { sitePath } from './site-client.ts';
import { readSiteState } from './site-state.ts';
import { createSlotClient } from './slots.ts';
import { type SurveyRequest, surveyFleet } from './survey.ts';
import { createTokens } from './tokens.ts';
import type { Transport } from './transport.ts';
import { createUploads } from './uploads.ts';

export interface AzureParts {
  /** `AzureCloud`, `AzureChinaCloud`, `AzureUSGovernment`, or the https URL of an ARM endpoint. */
  readonly cloudName: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly environment: Environment;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  /** Called with each token and key before it is used, so that a door can mask it wherever it would appear. */
  readonly hide: (secret: string) => void;
  /** For a door that knows what it signs in with; else the environment decides. */
  readonly credential?: CredentialChoice | undefined;
  /** Every target is in this cloud and tenant, whatever it says: a rehearsal must not reach a real one. */
  readonly homeOnly?: boolean | undefined;
  /** Told where we sign in and as whom, once for each cloud and tenant: `AzureCloud, as service principal …`. */
  readonly onSignIn?: ((line: string) => void) | undefined;
  /** Told once for each wait that Azure's limits ask of us. */
  readonly onWait?: ((wait: Wait) => void) | undefined;
  /** Aborted when somebody asks to stop: what waits for its turn then is not sent any more. */
  readonly stop?: AbortSignal | undefined;
}

export interface Wait {
  /** The target whose request met the limit; null when it is about none. */
  readonly target: string | null;
  /** `ARM asks for 17 s (reads of subscription …)` */
  readonly what: string;
}

export interface ReachOptions {
  /** The way to the SCM site of a slot (undefined: the usual one); absent: nothing is run there. */
  readonly scmRoadFor?: ((target: Target, side: Side) => Road | undefined) | undefined;
  readonly hurriedMs?: number | undefined;
}

export interface Azure {
  readonly cloud: Cloud;
  /** Who we are, for a log: `service principal … with the secret in AZURE_CLIENT_SECRET`. */
  readonly identity: string;
  survey(request: SurveyRequest): Promise<Fleet>;
  readonly slots: SlotClient;
  /** The same slots, to which packages come as `options` say. */
  slotsFor(options: RoadOptions & { readonly store: PackageStore | null }): SlotClient;
  /** Where slots fetch packages from: one for the whole fleet. */
  openStore(address: string, owner: PackageOwner): PackageStore;
  readonly hostKey: HostKey;
  /** Of the private endpoint of one of its slots; null when ARM tells none. */
  endpointAddress(target: Target, side: Side): Promise<string | null>;
  /** The place from which a target is looked at without line of sight. */
  armVantage(target: Target): Vantage;
  /** Whether a slot itself reaches what its app needs; the SCM sites are asked where `scmRoadFor` is given. */
  reachFor(options: ReachOptions): Reach;
  /** For a diagnosis: what could not be read is null, and nothing is asked twice. */
  siteState(target: Target, side: Side): Promise<SiteState>;
  /** Cancels a swap that was left prepared, on both slots. Idempotent. */
  resetPrepared(target: Target): Promise<void>;
}

/** @throws InputError: no such cloud, nothing to sign in with. Nothing but the cloud's description is read yet. */
export async function createAzure(parts: AzureParts): Promise<Azure> {
  const { transport, clock, random, hide, onWait, stop } = parts;
  const names = new Map<string, string>();
  const governor = createGovernor({
    clock,
    random,
    stop,
    onWait: ({ site, what }) => onWait?.({ target: names.get(site?.toLowerCase() ?? '') ?? null, what }),
  });
  const realms = await openRealms({ ...parts, governor });
  const realmOf = (target: Target) => {
    names.set(sitePath(target).toLowerCase(), target.name);
    return realms.of(target);
  };
  const common = { transport, clock, random, hide };
  const uploads = createUploads(clock);
  const slotsIn = keepFor((realm) => createSlotClient({ ...common, arm: realm.arm, tokens: realm.tokens }));
  const keysIn = keepFor((realm) => createHostKey(realm.arm, hide));
  const { home } = realms;
  const slots = routeByTarget(slotsIn(home), async (target) => slotsIn(await realmOf(target)));
  return {
    cloud: home.cloud,
    identity: home.identity,
    survey: async (request) => {
      await realms.openAll(request.targets);
      return surveyFleet(home.arm, request, async (target) => (await realmOf(target)).arm);
    },
    slots,
    openStore: (address, owner) => openStore({ ...parts, governor }, home, { address, owner }),
    slotsFor: ({ store, ...options }) => {
      const deliveryIn = keepFor(({ arm, tokens }) =>
        createDelivery({ ...common, arm, tokens, store, uploads }, options),
      );
      return {
        ...slots,
        deployPackage: async (target, ...rest) => deliveryIn(await realmOf(target))(target, ...rest),
      };
    },
    hostKey: async (target, side, refused) => keysIn(await realmOf(target))(target, side, refused),
    endpointAddress: async (target, side) => readEndpointAddress((await realmOf(target)).arm, target, side),
    armVantage: (target) => createArmVantage({ arm: async () => (await realmOf(target)).arm, target }),
    reachFor: (options) => openReach({ ...parts, governor }, realmOf, options),
    siteState: async (target, side) => readSiteState((await realmOf(target)).arm, target, side),
    resetPrepared: async (target) => resetPrepared((await realmOf(target)).arm, target),
  };
}

function openReach(
  { transport, clock, governor }: AzureParts & { readonly governor: Governor },
  realmOf: (target: Target) => Promise<Realm>,
  { scmRoadFor, hurriedMs }: ReachOptions,
): Reach {
  const reachIn = keepFor(({ arm, tokens }) => {
    const scm = { arm, tokens, governor, transport, now: () => clock.now() };
    const runCommand = scmRoadFor ? createScmCommand({ ...scm, roadFor: scmRoadFor }) : null;
    return createReach({ arm, runCommand, hurriedMs });
  });
  return async (target, ...rest) => reachIn(await realmOf(target))(target, ...rest);
}

/** The store is one for the whole fleet, and belongs to whoever signs in at home. */
function openStore(
  parts: AzureParts & { readonly governor: Governor },
  home: Realm,
  place: Pick<StoreParts, 'address' | 'owner'>,
): PackageStore {
  const { transport, clock, environment, random, hide, governor, credential: choice } = parts;
  const cloud = { ...home.cloud, scope: storageScope };
  const credential = createCredential({ cloud, transport, environment, choice, hide });
  const tokens = createTokens(credential, clock, hide);
  return openPackageStore({ ...place, tokens, transport, clock, random, hide, governor });
}

/** One for each realm, made when it is first needed. */
function keepFor<T>(make: (realm: Realm) => T): (realm: Realm) => T {
  const kept = new Map<Realm, T>();
  return (realm) => {
    const made = kept.get(realm) ?? make(realm);
    kept.set(realm, made);
    return made;
  };
}
