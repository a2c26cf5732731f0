/**
 * One tenant of one cloud: who signs in there, and its ARM. Most fleets are in one; each target says where it is
 * when it is elsewhere, and nobody else has to know.
 */
import type { Clock } from '../clock.ts';
import { InputError, type Problem, SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { type Arm, createArm } from './arm.ts';
import { type Cloud, describeCloud } from './cloud.ts';
import { createCredential } from './credential.ts';
import { type CredentialChoice, chooseCredential, type Environment } from './credential-choice.ts';
import type { Governor } from './governor.ts';
import { chooseForTenant } from './tenant-credential.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface Realm {
  readonly cloud: Cloud;
  /** Null where the credential alone knows it: a managed identity, the Azure CLI. */
  readonly tenantId: string | null;
  /** Who we are there, for a log. */
  readonly identity: string;
  readonly tokens: Tokens;
  readonly arm: Arm;
}

export interface RealmParts {
  readonly cloudName: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly random: () => number;
  readonly hide: (secret: string) => void;
  readonly governor: Governor;
  /** For a door that knows what it signs in with; else the environment decides. */
  readonly credential?: CredentialChoice | undefined;
  /** Told where we sign in and as whom, once for each realm. */
  readonly onSignIn?: ((line: string) => void) | undefined;
  /** Every target is at home, whatever it says: a rehearsal must not reach a real cloud. */
  readonly homeOnly?: boolean | undefined;
}

export interface Realms {
  readonly home: Realm;
  /** Where a target is; opened when it is asked for first. Rejects with InputError: no such cloud, no credential. */
  of(target: Target): Promise<Realm>;
  /** Opens the realms of all targets. @throws InputError with all that is wrong at once. */
  openAll(targets: readonly Target[]): Promise<void>;
}

type Where = Pick<Target, 'cloud' | 'tenantId'>;

export async function openRealms(parts: RealmParts): Promise<Realms> {
  const { cloudName, environment, homeOnly = false } = parts;
  const cloud = await describeCloud(cloudName, parts);
  const choice = parts.credential ?? chooseCredential(environment);
  const home = openRealm(parts, cloud, choice);
  const opened = new Map<string, Promise<Realm>>();
  const realms = new Map<string, Realm>([[keyOf(cloud, home.tenantId), home]]);

  const open = async (where: Where): Promise<Realm> => {
    const there = isAt(cloud, where.cloud) ? cloud : await describeCloud(where.cloud!, parts);
    const atHome = there.resourceManager === cloud.resourceManager;
    const tenantId = where.tenantId?.toLowerCase() ?? (atHome ? home.tenantId : null);
    if (tenantId === null && !atHome) throw tenantNeeded(there);
    const known = realms.get(keyOf(there, tenantId));
    if (known) return known;
    if (tenantId === null) return home;
    const elsewhere = chooseForTenant(environment, { tenantId, cloud: there, atHome, home: choice });
    const realm = openRealm(parts, atHome ? cloud : there, elsewhere);
    realms.set(keyOf(there, tenantId), realm);
    return realm;
  };
  const of = (target: Target): Promise<Realm> => {
    if (homeOnly || (!target.cloud && !target.tenantId)) return Promise.resolve(home);
    const key = `${target.cloud ?? ''} ${target.tenantId ?? ''}`.toLowerCase();
    let asked = opened.get(key);
    if (!asked) {
      asked = open(target);
      opened.set(key, asked);
    }
    return asked;
  };
  return { home, of, openAll: (targets) => openAll(targets, of) };
}

function openRealm(parts: RealmParts, cloud: Cloud, choice: CredentialChoice): Realm {
  const { transport, clock, environment, random, hide, governor } = parts;
  const credential = createCredential({ cloud, transport, environment, choice, hide });
  const tokens = createTokens(credential, clock, hide);
  parts.onSignIn?.(`${cloud.name}, as ${credential.described}`);
  return {
    cloud,
    tenantId: 'tenantId' in choice ? (choice.tenantId?.toLowerCase() ?? null) : null,
    identity: credential.described,
    tokens,
    arm: createArm({ cloud, tokens, transport, clock, random, governor }),
  };
}

function keyOf(cloud: Cloud, tenantId: string | null): string {
  return `${cloud.resourceManager} ${tenantId ?? ''}`;
}

function isAt(cloud: Cloud, name: string | undefined): boolean {
  if (name === undefined || name.toLowerCase() === cloud.name.toLowerCase()) return true;
  return URL.canParse(name) && new URL(name).origin === cloud.resourceManager;
}

function tenantNeeded(cloud: Cloud): InputError {
  return new InputError(`A target in ${cloud.name} has to say in which tenant it is.`, {
    code: 'tenant-needed',
    where: 'fleet.targets',
    next: 'Write its tenantId beside its cloud: no credential of one cloud is known in another.',
  });
}

async function openAll(targets: readonly Target[], of: Realms['of']): Promise<void> {
  const failures = new Map<SlotwaveError, Target[]>();
  await Promise.all(
    targets.map((target) =>
      of(target).then(
        () => {},
        (error: unknown) => {
          if (!(error instanceof SlotwaveError)) throw error;
          failures.set(error, [...(failures.get(error) ?? []), target]);
        },
      ),
    ),
  );
  const [first, ...others] = failures.keys();
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const problems = [...failures].map(
    ([error, there]): Problem => ({
      path: there.map(({ name }) => name).join(', '),
      message: error.message,
      ...(error.next === undefined ? {} : { next: error.next }),
    }),
  );
  throw new InputError(`${failures.size} of the places where targets are cannot be spoken to.`, {
    code: 'realms-not-open',
    where: 'fleet.targets',
    problems,
  });
}
