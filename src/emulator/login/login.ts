/** Microsoft Entra ID as far as a deployment needs it: discovery, and tokens for a client's own name. */
import { empty, json } from '../arm/answer.ts';
import { is, splitPath } from '../arm/call.ts';
import { type Incoming, takeBytes } from '../incoming.ts';
import { type Identity, isoTime, type Platform } from '../platform.ts';
import { answerIdentity, isIdentityPath } from './managed-identity.ts';

const formLimitBytes = 256 * 1024;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** True for paths that belong to login and not to ARM: both live at one origin. */
export function isLoginPath(path: string): boolean {
  if (isIdentityPath(path)) return true;
  return /^\/(common\/discovery\/instance|[^/]+\/(v2\.0\/\.well-known\/openid-configuration|\.well-known\/openid-configuration|oauth2\/(v2\.0\/)?token|discovery\/(v2\.0\/)?keys))$/i.test(
    path,
  );
}

export async function answerLogin(platform: Platform, incoming: Incoming): Promise<Response> {
  await platform.sleep(platform.world.latencies.login);
  if (isIdentityPath(incoming.url.pathname)) return answerIdentity(platform, incoming);
  const [tenant, ...rest] = splitPath(incoming.url.pathname);
  const asked = rest.at(-1)!.toLowerCase();
  if (asked === 'instance') return json(200, describeInstance(platform, tenant!));
  const found = findTenant(platform, tenant!);
  if (!found)
    return refuse(
      platform,
      400,
      'invalid_tenant',
      90002,
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    );
  if (asked === 'openid-configuration') return json(200, describeTenant(platform, tenant!, found));
  if (asked === 'keys') return json(200, { keys: [] });
  return incoming.method === 'POST' ? answerToken(platform, incoming, found) : empty(405, { allow: 'POST' });
}

/** Tokens by client credentials: with the secret, or with an assertion of a federated identity. */
async function answerToken(platform: Platform, incoming: Incoming, principal: Identity): Promise<Response> {
  const form = new URLSearchParams(Buffer.from(await takeBytes(incoming, formLimitBytes)).toString('utf8'));
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(
      platform,
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${form.get('grant_type') ?? ''}'.`,
    );
  }
  if (!is(form.get('client_id') ?? '', principal.clientId)) {
    return refuse(
      platform,
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${form.get('client_id') ?? ''}' was not found in the directory 'slotwave emulator'.`,
    );
  }
  const refusal = checkProof(platform, form, principal);
  if (refusal) return refusal;
  const audience =
    form.get('resource') ?? (form.get('scope') ?? '').split(' ')[0]!.replace(/\/\.default$/, '');
  if (audience === '')
    return refuse(
      platform,
      400,
      'invalid_scope',
      70011,
      'The provided request must include a scope or resource.',
    );
  const { lifetimeSeconds } = platform.tokens;
  return json(200, {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: platform.tokens.issue(audience, principal),
  });
}

function checkProof(platform: Platform, form: URLSearchParams, principal: Identity): Response | null {
  const assertion = form.get('client_assertion');
  if (assertion !== null) return checkAssertion(platform, form, assertion);
  const secret = form.get('client_secret');
  if (secret === null) {
    return refuse(
      platform,
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  if (secret === principal.clientSecret) return null;
  const message = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${principal.clientId}'.`;
  return refuse(platform, 401, 'invalid_client', 7000215, message);
}

/** The signature is nobody's whom this emulator knows; form and time are checked. */
function checkAssertion(platform: Platform, form: URLSearchParams, assertion: string): Response | null {
  if (form.get('client_assertion_type') !== assertionType) {
    return refuse(
      platform,
      400,
      'invalid_request',
      900144,
      `The parameter client_assertion_type must be '${assertionType}'.`,
    );
  }
  const claims = readClaims(assertion);
  if (!claims) return refuse(platform, 401, 'invalid_client', 50027, 'JWT token is invalid or malformed.');
  const nowMs = platform.clock.now();
  const expiresMs = typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : Number.POSITIVE_INFINITY;
  if (nowMs < expiresMs) return null;
  const message = `Client assertion is not within its valid time range. Current time: ${isoTime(nowMs)}, expiry time of assertion ${isoTime(expiresMs)}.`;
  return refuse(platform, 401, 'invalid_client', 700024, message);
}

function readClaims(assertion: string): Readonly<Record<string, unknown>> | null {
  const [header, payload, signature] = assertion.split('.');
  if (!header || !payload || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null
      ? (claims as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

function findTenant({ tenants }: Platform, name: string): Identity | undefined {
  if (['common', 'organizations'].includes(name.toLowerCase())) return tenants[0];
  return tenants.find(({ tenantId }) => is(name, tenantId));
}

function describeTenant({ addresses }: Platform, tenant: string, identity: Identity): unknown {
  const base = `${addresses.origin}/${tenant}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_types_supported: ['code', 'id_token', 'token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    issuer: `${addresses.origin}/${identity.tenantId}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    cloud_instance_name: new URL(addresses.origin).host,
  };
}

function describeInstance({ addresses, identity }: Platform, tenant: string): unknown {
  const { host } = new URL(addresses.origin);
  return {
    tenant_discovery_endpoint: `${addresses.origin}/${is(tenant, 'common') ? identity.tenantId : tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}

function refuse(
  platform: Platform,
  status: number,
  error: string,
  number: number,
  message: string,
): Response {
  const [trace, correlation] = [platform.random.guid(), platform.random.guid()];
  const timestamp = isoTime(platform.clock.now())
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  return json(status, {
    error,
    error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `${platform.addresses.origin}/error?code=${number}`,
  });
}
