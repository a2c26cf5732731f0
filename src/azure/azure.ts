/** Azure as the doors see it: everything of this room, joined once. */
import type { Clock } from '../clock.ts';
import type { Fleet, Target } from '../plan/fleet.ts';
import type { SlotClient } from '../target/slot-client.ts';
import { createArm } from './arm.ts';
import { type Cloud, describeCloud } from './cloud.ts';
import { createCredential } from './credential.ts';
import type { Environment } from './credential-choice.ts';
import { createDelivery, type RoadOptions } from './delivery.ts';
import { createHostKey, type HostKey } from './host-keys.ts';
import { openPackageStore, storageScope } from './package-store.ts';
import { resetPrepared } from './reset.ts';
import { createSlotClient } from './slots.ts';
import { type SurveyRequest, surveyFleet } from './survey.ts';
import { createTokens } from './tokens.ts';
import type { Transport } from './transport.ts';

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
}

export interface Azure {
  readonly cloud: Cloud;
  /** Who we are, for a log: `service principal … with the secret in AZURE_CLIENT_SECRET`. */
  readonly identity: string;
  survey(request: SurveyRequest): Promise<Fleet>;
  readonly slots: SlotClient;
  /** The same slots, to which packages come as `options` say. */
  slotsFor(options: RoadOptions): SlotClient;
  readonly hostKey: HostKey;
  /** Cancels a swap that was left prepared, on both slots. Idempotent. */
  resetPrepared(target: Target): Promise<void>;
}

/** @throws InputError: no such cloud, nothing to sign in with. Nothing but the cloud's description is read yet. */
export async function createAzure(parts: AzureParts): Promise<Azure> {
  const { cloudName, transport, clock, environment, random, hide } = parts;
  const cloud = await describeCloud(cloudName, { transport, clock, random });
  const credential = createCredential({ cloud, transport, environment });
  const tokens = createTokens(credential, clock, hide);
  const arm = createArm({ cloud, tokens, transport, clock, random });
  const slots = createSlotClient({ arm, tokens, transport, clock, random });
  const openStore = (address: string) => {
    const forStorage = createCredential({ cloud: { ...cloud, scope: storageScope }, transport, environment });
    return openPackageStore({
      address,
      tokens: createTokens(forStorage, clock, hide),
      transport,
      clock,
      random,
      hide,
    });
  };
  return {
    cloud,
    identity: credential.described,
    survey: (request) => surveyFleet(arm, request),
    slots,
    slotsFor: (options) => {
      const { store: address } = options.delivery;
      const store = address === null ? null : openStore(address);
      const parts = { arm, tokens, transport, clock, random, hide, store };
      return { ...slots, deployPackage: createDelivery(parts, options) };
    },
    hostKey: createHostKey(arm, hide),
    resetPrepared: (target) => resetPrepared(arm, target),
  };
}
