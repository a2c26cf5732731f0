/**
 * Tokens for a managed identity, in both forms in which a machine in Azure gets them: the instance metadata service,
 * and the endpoint that App Service puts into `IDENTITY_ENDPOINT`.
 */
import { json } from '../arm/answer.ts';
import { is } from '../arm/call.ts';
import type { Incoming } from '../incoming.ts';
import type { Platform } from '../platform.ts';

const metadataPath = /^\/metadata\/identity\/oauth2\/token\/?$/i;
const appPath = /^\/msi\/token\/?$/i;

export function isIdentityPath(path: string): boolean {
  return metadataPath.test(path) || appPath.test(path);
}

export function answerIdentity(platform: Platform, { request, url, method }: Incoming): Response {
  if (method !== 'GET') return refuse(405, 'method_not_allowed', 'Only GET is supported.');
  const isFromApp = appPath.test(url.pathname);
  const problem = isFromApp
    ? checkAppHeader(platform, request.headers)
    : checkMetadataHeader(request.headers);
  if (problem) return problem;
  if (!url.searchParams.get('api-version'))
    return refuse(400, 'invalid_request', 'Required query variable api-version is missing');
  const resource = url.searchParams.get('resource') ?? '';
  if (resource === '') return refuse(400, 'invalid_request', 'Required query variable resource is missing');
  const { clientId, objectId } = platform.identity;
  // A user-assigned identity is named by one of its ids; there is one identity here.
  const [wanted, principal] = ['client_id', 'object_id'].map((name) => url.searchParams.get(name));
  const isOther = (id: string | null | undefined, own: string) => typeof id === 'string' && !is(id, own);
  if (isOther(wanted, clientId) || isOther(principal ?? url.searchParams.get('principal_id'), objectId))
    return refuse(400, 'invalid_request', 'Identity not found');
  return json(200, { ...grant(platform, resource.replace(/\/$/, '')), client_id: clientId });
}

/** Numbers are texts here, unlike in the answers of Entra itself. */
function grant({ tokens, clock }: Platform, resource: string): Record<string, unknown> {
  const { lifetimeSeconds } = tokens;
  const nowSeconds = Math.floor(clock.now() / 1000);
  return {
    access_token: tokens.issue(resource),
    expires_in: String(lifetimeSeconds),
    expires_on: String(nowSeconds + lifetimeSeconds),
    ext_expires_in: String(lifetimeSeconds),
    not_before: String(nowSeconds),
    resource,
    token_type: 'Bearer',
  };
}

/** So that no page in a browser and no server that forwards requests can ask for a token by accident. */
function checkMetadataHeader(headers: Headers): Response | null {
  if (headers.has('x-forwarded-for'))
    return refuse(400, 'invalid_request', 'Request contains a forbidden header');
  return is(headers.get('metadata') ?? '', 'true')
    ? null
    : refuse(400, 'invalid_request', 'Required metadata header not specified');
}

/** `IDENTITY_HEADER` is a secret of the app's own: here it is the client secret of the world's identity. */
function checkAppHeader({ identity }: Platform, headers: Headers): Response | null {
  return headers.get('x-identity-header') === identity.clientSecret
    ? null
    : refuse(401, 'unauthorized', 'The X-IDENTITY-HEADER is missing or wrong.');
}

function refuse(status: number, error: string, description: string): Response {
  return json(status, { error, error_description: description });
}
