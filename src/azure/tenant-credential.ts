/** Who signs in to one tenant, where a fleet is in several. */
import { InputError } from '../errors.ts';
import type { Cloud } from './cloud.ts';
import {
  type CredentialChoice,
  choiceVariable,
  chooseCredential,
  type Environment,
} from './credential-choice.ts';

/** Variables that say who we are; each may be given for one tenant by its id: `AZURE_CLIENT_ID_<TENANT>`. */
const own = [
  'AZURE_CLIENT_ID',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'SLOTWAVE_CLIENT_CERTIFICATE',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
  'SLOTWAVE_OIDC_AUDIENCE',
  choiceVariable,
] as const;

/** What belongs to the one service connection of a task, and is nobody's in another tenant. */
const connected = [
  'AZURESUBSCRIPTION_CLIENT_ID',
  'AZURESUBSCRIPTION_TENANT_ID',
  'servicePrincipalId',
  'servicePrincipalKey',
  'tenantId',
] as const;

/** How a tenant's id stands at the end of a variable's name: capitals, and `_` for `-`. */
export function tenantSuffix(tenantId: string): string {
  return tenantId.toUpperCase().replaceAll('-', '_');
}

export interface TenantRequest {
  readonly tenantId: string;
  readonly cloud: Cloud;
  /** Whether it is in the cloud that `home` signs in to. */
  readonly atHome: boolean;
  /** Who signs in where nothing else is said. */
  readonly home: CredentialChoice;
}

/**
 * What was given for this tenant, if anything was, and then nothing of the others; else who signs in at home: an
 * application may be known in several tenants of its cloud. What proves it is never sent to another cloud's login.
 *
 * @throws InputError `credential-missing`: another cloud, and nothing was given for this tenant.
 */
export function chooseForTenant(environment: Environment, request: TenantRequest): CredentialChoice {
  const { tenantId, cloud, atHome, home } = request;
  const suffix = tenantSuffix(tenantId);
  const given = Object.fromEntries(own.map((name) => [name, environment[`${name}_${suffix}`] || undefined]));
  if (Object.values(given).some((value) => value !== undefined)) {
    const cleared = Object.fromEntries(connected.map((name) => [name, undefined]));
    return chooseCredential({ ...environment, ...cleared, ...given, AZURE_TENANT_ID: tenantId });
  }
  if (atHome) return home.kind === 'managed-identity' ? home : { ...home, tenantId };
  throw new InputError(`There is no credential for the tenant ${tenantId} of ${cloud.name}.`, {
    code: 'credential-missing',
    where: `AZURE_CLIENT_ID_${suffix}`,
    next: `Set AZURE_CLIENT_ID_${suffix}, and AZURE_CLIENT_SECRET_${suffix} or another proof of it: what signs in to one cloud is never sent to another.`,
  });
}

/** Every secret that the environment holds to sign in with, for whichever tenant. */
export function findSecrets(environment: Environment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    secretName.test(name) && value ? [value] : [],
  );
}

const secretName =
  /^(AZURE_CLIENT_SECRET|AZURE_CLIENT_CERTIFICATE_PASSWORD|SLOTWAVE_CLIENT_CERTIFICATE)(_[0-9A-F_]{36})?$|^(IDENTITY_HEADER|ACTIONS_ID_TOKEN_REQUEST_TOKEN|SYSTEM_ACCESSTOKEN|servicePrincipalKey|idToken)$/;
