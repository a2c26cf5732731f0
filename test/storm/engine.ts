/** The engine under the storm: the real one, or a copy of it that was broken on purpose. */
import { pathToFileURL } from 'node:url';
import type { Azure } from '../../src/azure/azure.ts';
import type { Transport } from '../../src/azure/transport.ts';
import type { Clock } from '../../src/clock.ts';
import type { Identity } from '../../src/emulator/platform.ts';
import type { Reach } from '../../src/probe/once.ts';

/** One origin, as the emulator has it. */
const cloud = {
  name: 'storm',
  resourceManager: 'https://localhost',
  loginEndpoint: 'https://localhost',
  scope: 'https://management.azure.com/.default',
  wellKnown: false,
};

export interface Engine {
  readonly rollOut: typeof import('../../src/rollout/rollout.ts').rollOut;
  readonly rollBack: typeof import('../../src/rollout/rollout.ts').rollBackRollout;
  readonly createSlotSwap: typeof import('../../src/target/slot-swap.ts').createSlotSwap;
  readonly createKeep: typeof import('../../src/target/settings-keep.ts').createMemoryKeep;
  readonly createLook: typeof import('../../src/probe/look.ts').createLook;
  readonly createVantage: typeof import('../../src/entry/vantage.ts').createDirectVantage;
  readonly planRollout: typeof import('../../src/plan/plan.ts').planRollout;
  readonly TransportError: typeof import('../../src/azure/transport.ts').TransportError;
  createAzure(
    transport: Transport,
    clock: Clock,
    identity: Identity,
    hide: (secret: string) => void,
  ): Pick<Azure, 'survey' | 'slots' | 'hostKey'> & { readonly reach: Reach };
}

/** Loads the engine from a source folder: `src`, or a broken copy of it. */
export async function loadEngine(sourceFolder: string): Promise<Engine> {
  const load = (file: string) => import(pathToFileURL(`${sourceFolder}/${file}`).href);
  const { rollOut, rollBackRollout } = await load('rollout/rollout.ts');
  const { createSlotSwap } = await load('target/slot-swap.ts');
  const { createMemoryKeep } = await load('target/settings-keep.ts');
  const { createLook } = await load('probe/look.ts');
  const { createDirectVantage } = await load('entry/vantage.ts');
  const { planRollout } = await load('plan/plan.ts');
  const { createArm } = await load('azure/arm.ts');
  const { createSlotClient } = await load('azure/slots.ts');
  const { createReach } = await load('azure/dependencies.ts');
  const { createHostKey } = await load('azure/host-keys.ts');
  const { surveyFleet } = await load('azure/survey.ts');
  const { createTokens } = await load('azure/tokens.ts');
  const { TransportError } = await load('azure/transport.ts');
  const { TransientError } = await load('errors.ts');
  return {
    rollOut,
    rollBack: rollBackRollout,
    createSlotSwap,
    createKeep: createMemoryKeep,
    createLook,
    createVantage: createDirectVantage,
    planRollout,
    TransportError,
    createAzure(transport, clock, identity, hide) {
      const tokens = createTokens(
        {
          described: 'the storm',
          issue: () => issuePatiently(() => issueToken(transport, identity), clock, TransientError),
        },
        clock,
        hide,
      );
      const random = () => 0.5;
      const arm = createArm({ cloud, tokens, transport, clock, random });
      return {
        survey: (request) => surveyFleet(arm, request),
        slots: createSlotClient({ arm, tokens, transport, clock, random }),
        hostKey: createHostKey(arm, hide),
        reach: createReach({ arm, runCommand: null }),
      };
    },
  };
}

/** As the credentials' own library does: a login that is not there now is asked again, some times. */
async function issuePatiently<T>(
  issue: () => Promise<T>,
  clock: Clock,
  TransientError: typeof import('../../src/errors.ts').TransientError,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await issue();
    } catch (cause) {
      if (tries >= 4) throw new TransientError('no token', { code: 'no-token', cause });
      await clock.sleep(tries * 1_000);
    }
  }
}

/** The client-credentials grant, plainly: the library's own waits on the wall's clock. */
export async function issueToken(transport: Transport, { tenantId, clientId, clientSecret }: Identity) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: cloud.scope,
  });
  const { status, body } = await transport({
    method: 'POST',
    url: `${cloud.loginEndpoint}/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    timeoutMs: 30_000,
  });
  if (status !== 200) throw new Error(`login answered ${status}`);
  const { access_token: value } = JSON.parse(body) as { access_token: string };
  return { value, expiresAtMs: Number.MAX_SAFE_INTEGER };
}
