import { describe, expect, it } from '@jest/globals';
import type { Act } from '../../src/azure/asked.ts';
import { classify } from '../../src/azure/classify.ts';
import { AnswerError, readErrorFacts } from '../../src/azure/error-facts.ts';
import { TransportError } from '../../src/azure/transport.ts';
import type { ErrorKind } from '../../src/errors.ts';

function classifyAnswer(
  act: Act,
  status: number,
  body: string | object,
  headers: Record<string, string> = {},
  reason = '',
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const facts = readErrorFacts({ status, reason, headers, body: text }, 0);
  return classify(new AnswerError(facts), {
    act,
    what: 'swap orders-weu/staging',
    where: 'weu',
    site: 'orders-weu',
  });
}

/** App Service's own form (§3.4). */
const rp = (code: string, message: string) => ({
  Code: code,
  Message: message,
  Target: null,
  Details: [{ Message: message }],
  Innererror: null,
});
/** ARM's form. */
const arm = (code: string, message: string) => ({ error: { code, message } });

const site =
  'Cannot modify this site because another operation is in progress. Details: Id: 1, OperationName: SwapSiteSlots, CreatedTime: 9/20/2019 11:04:18 AM, WebSystemName: websites, SubscriptionName: s, WebspaceName: w, SiteName: orders-weu, SlotName: staging, ServerFarmName: , GeoOperationId: (null)';
const plan = (name: string) =>
  `Cannot modify this web hosting plan because another operation is in progress. Details: Id: 1, OperationName: SwapSiteSlots, SiteName: ${name}, SlotName: staging`;
const denied =
  "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Web/sites/slots/slotsswap/action' over scope '/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/orders-weu/slots/staging' or the scope is invalid.";

type Row = readonly [string, Act, number, string | object, ErrorKind, string];

const rows: readonly Row[] = [
  [
    '417: the ping was not answered',
    'swap',
    417,
    rp(
      'ExpectationFailed',
      "Cannot swap site slots for site 'x' because the 'staging' slot did not respond to http ping.",
    ),
    'transient',
    'swap-ping-failed',
  ],
  [
    'the worker did not start',
    'swap',
    400,
    rp(
      'BadRequest',
      "Cannot swap slots for site 'x' because the worker process for 'staging' slot could not be started.",
    ),
    'transient',
    'swap-worker-not-started',
  ],
  [
    'application initialization',
    'swap',
    400,
    rp(
      'BadRequest',
      "Cannot swap slots for site 'x' because the application initialization in 'staging' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.",
    ),
    'refusal',
    'swap-initialization-failed',
  ],
  [
    'warm-up requests',
    'swap',
    400,
    rp(
      'BadRequest',
      "Cannot swap slots for site 'x' because the warmup requests to application in 'staging' slot have timed out.",
    ),
    'refusal',
    'swap-warmup-timed-out',
  ],
  [
    'instances moved',
    'swap',
    400,
    rp(
      'BadRequest',
      "Cannot swap slots for site 'x' because the allocation of VM instances for 'staging' slot has changed during the swap process. Please retry the swap operation.",
    ),
    'transient',
    'swap-instances-changed',
  ],
  [
    'unexpected error',
    'swap',
    500,
    rp(
      'InternalServerError',
      "There was an unexpected error swapping slots 'a' and 'b' for site 'x(staging)'. Please try to cancel your swap operation.",
    ),
    'doubt',
    'swap-outcome-unknown',
  ],
  [
    '409 of the site, while swapping: perhaps our own',
    'swap',
    409,
    rp('Conflict', site),
    'doubt',
    'operation-in-progress',
  ],
  [
    '409 of the site, while writing settings',
    'change',
    409,
    rp('Conflict', site),
    'transient',
    'operation-in-progress',
  ],
  [
    "409 of the plan, a neighbour's",
    'swap',
    409,
    rp('Conflict', plan('billing-weu')),
    'transient',
    'operation-in-progress',
  ],
  [
    '409 of the plan, our own site',
    'swap',
    409,
    rp('Conflict', plan('orders-weu')),
    'doubt',
    'operation-in-progress',
  ],
  [
    '429 of the plan',
    'swap',
    429,
    rp('TooManyRequests', plan('billing-weu')),
    'transient',
    'operation-in-progress',
  ],
  [
    'prepared, while swapping: perhaps our own',
    'swap',
    409,
    rp(
      'Conflict',
      'The slot cannot be changed because its configuration settings have been prepared for swap.',
    ),
    'doubt',
    'slot-prepared',
  ],
  [
    'prepared, while writing settings',
    'change',
    409,
    rp(
      'Conflict',
      'The slot cannot be changed because its configuration settings have been prepared for swap.',
    ),
    'refusal',
    'slot-prepared',
  ],
  [
    'prepared for another',
    'change',
    400,
    rp(
      'BadRequest',
      "Cannot apply configuration from slot 'Production' because this slot has already been prepared for swap with slot 'x'.",
    ),
    'refusal',
    'slot-prepared',
  ],
  [
    'site authentication',
    'swap',
    400,
    rp(
      'BadRequest',
      'Swap with Preview cannot be used when one of the slots has site authentication enabled.',
    ),
    'refusal',
    'swap-not-possible',
  ],
  [
    'public access',
    'change',
    409,
    rp(
      'Conflict',
      'There was a conflict. SiteConfig.PublicNetworkAccess cannot be modified. Please modify the Site.PublicNetworkAccess property.',
    ),
    'refusal',
    'network-access-conflict',
  ],
  [
    'a lock',
    'swap',
    409,
    arm('ScopeLocked', "The scope '/x' cannot perform write operation because following scope(s) are locked"),
    'refusal',
    'resource-locked',
  ],
  ['no right', 'swap', 403, arm('AuthorizationFailed', denied), 'refusal', 'permission-missing'],
  ['an unknown 403', 'read', 403, 'nope', 'refusal', 'forbidden'],
  [
    'a stopped site',
    'read',
    403,
    '<html><h1>Error 403 - This web app is stopped.</h1></html>',
    'refusal',
    'site-stopped',
  ],
  [
    '401',
    'read',
    401,
    arm('InvalidAuthenticationToken', 'The access token is invalid.'),
    'refusal',
    'credential-refused',
  ],
  [
    "401, another tenant's",
    'swap',
    401,
    arm(
      'InvalidAuthenticationTokenTenant',
      "The access token is from the wrong issuer 'https://sts.windows.net/11111111-1111-4111-8111-111111111111/'. It must match the tenant 'https://sts.windows.net/22222222-2222-4222-8222-222222222222/' associated with this subscription.",
    ),
    'refusal',
    'tenant-wrong',
  ],
  [
    '401, only expired',
    'swap',
    401,
    arm('ExpiredAuthenticationToken', 'The access token expiry UTC time …'),
    'transient',
    'token-expired',
  ],
  [
    '404',
    'read',
    404,
    arm('ResourceNotFound', "The Resource 'Microsoft.Web/sites/x' under resource group 'y' was not found."),
    'refusal',
    'not-found',
  ],
  [
    '404 of the group',
    'read',
    404,
    arm('ResourceGroupNotFound', "Resource group 'g' could not be found."),
    'refusal',
    'resource-group-not-found',
  ],
  [
    '404 of the subscription',
    'read',
    404,
    arm('SubscriptionNotFound', "The subscription 's' could not be found."),
    'refusal',
    'subscription-not-found',
  ],
  [
    '429 of a swap was not executed',
    'swap',
    429,
    arm('TooManyRequests', 'slow down'),
    'transient',
    'throttled',
  ],
  ['408 of a read', 'read', 408, '', 'transient', 'server-error'],
  ['408 of a change', 'change', 408, '', 'doubt', 'server-error'],
  ['500 of a read', 'read', 500, '', 'transient', 'server-error'],
  ['503 of a change', 'change', 503, '<html>busy</html>', 'doubt', 'server-error'],
  ['502 of a swap', 'swap', 502, '', 'doubt', 'server-error'],
  ['504 of a swap', 'swap', 504, '', 'doubt', 'server-error'],
  ['501 of a read', 'read', 501, '', 'refusal', 'not-implemented'],
  [
    'the host runtime is down',
    'read',
    400,
    rp('BadRequest', 'Encountered an error (ServiceUnavailable) from host runtime.'),
    'transient',
    'host-not-ready',
  ],
  [
    'any other 400',
    'change',
    400,
    rp('BadRequest', 'The parameter properties has an invalid value.'),
    'refusal',
    'azure-refused',
  ],
  ['a redirect', 'read', 302, '', 'refusal', 'azure-refused'],
  ['a success that is no JSON, read', 'read', 200, '<html>sign in</html>', 'transient', 'answer-unreadable'],
  ['a success that is no JSON, swap', 'swap', 200, '<html>sign in</html>', 'doubt', 'answer-unreadable'],
];

describe('what a failed answer means', () => {
  it.each(rows)('%s', (_name, act, status, body, kind, code) => {
    const error = classifyAnswer(act, status, body);
    expect([error.kind, error.code]).toEqual([kind, code]);
    expect(error.where).toBe('weu');
    expect(error.message).toContain('Could not swap orders-weu/staging');
  });

  it('names the missing action and where it is missing', () => {
    const error = classifyAnswer('swap', 403, arm('AuthorizationFailed', denied));
    expect(error.next).toContain('Microsoft.Web/sites/slots/slotsswap/action');
    expect(error.next).toContain('/providers/Microsoft.Web/sites/orders-weu/slots/staging');
  });

  it('tells a closed network by the reason phrase alone', () => {
    expect(classifyAnswer('read', 403, '', {}, 'Ip Forbidden').code).toBe('network-forbidden');
    expect(
      classifyAnswer('read', 403, '<h2>The web app you have attempted to reach has blocked your access.</h2>')
        .code,
    ).toBe('network-forbidden');
  });

  it.each([
    [{ 'retry-after': '17' }, 17_000],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ] as const)('keeps how long to wait: %j', (headers, expected) => {
    expect(classifyAnswer('read', 429, '', headers).retryAfterMs).toBe(expected);
  });

  it('puts what the server said on one line, without control characters, and not endlessly', () => {
    const error = classifyAnswer(
      'change',
      400,
      rp('BadRequest', `first\r\n##vso[task.x]\u001b[31m${'x'.repeat(5000)}`),
    );
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(error.message.length).toBeLessThan(1000);
  });
});

describe('what no answer means', () => {
  const silence = (code: string, sent: boolean) =>
    new TransportError('x', { code, sent, host: 'management.azure.com' });
  it.each<readonly [string, Act, TransportError, ErrorKind, string]>([
    ['a name that is not known', 'swap', silence('ENOTFOUND', false), 'transient', 'not-reachable'],
    ['a refused connection', 'change', silence('ECONNREFUSED', false), 'transient', 'not-reachable'],
    ['a connection cut after sending, read', 'read', silence('ECONNRESET', true), 'transient', 'no-answer'],
    ['a connection cut after sending, swap', 'swap', silence('ECONNRESET', true), 'doubt', 'answer-lost'],
    ['a connection cut after sending, change', 'change', silence('ETIMEDOUT', true), 'doubt', 'answer-lost'],
    [
      'a certificate that nobody vouches for',
      'read',
      silence('SELF_SIGNED_CERT_IN_CHAIN', false),
      'refusal',
      'certificate-not-trusted',
    ],
  ])('%s', (_name, act, failure, kind, code) => {
    const error = classify(failure, { act, what: 'ask', where: 'weu' });
    expect([error.kind, error.code]).toEqual([kind, code]);
  });

  it('a stranger is a defect', () => {
    expect(
      classify(new TypeError('x is not a function'), { act: 'swap', what: 'ask', where: 'weu' }).kind,
    ).toBe('defect');
  });
});

describe('the dialects of errors', () => {
  const read = (body: string, headers: Record<string, string> = {}) => {
    const { code, message } = readErrorFacts({ status: 400, reason: 'Bad Request', headers, body }, 0);
    return [code, message];
  };
  it.each([
    ['App Service', JSON.stringify(rp('Conflict', 'text')), 'Conflict', 'text'],
    ['ARM', JSON.stringify(arm('ScopeLocked', 'text')), 'ScopeLocked', 'text'],
    ['only a message', '{"Message":"text"}', null, 'text'],
    [
      'OAuth',
      '{"error":"invalid_client","error_description":"AADSTS7000215: text"}',
      'invalid_client',
      'AADSTS7000215: text',
    ],
    ['a JSON string', '"text"', null, 'text'],
    ['plain text', 'text', null, 'text'],
    [
      'HTML',
      '<html><head><title>T</title><style>p{}</style></head><body><h1>Error &amp; 403</h1></body></html>',
      null,
      'T Error & 403',
    ],
    ['nothing', '', null, 'Bad Request'],
    ['JSON of no known form', '[1]', null, '[1]'],
  ])('%s', (_name, body, code, message) => {
    expect(read(body)).toEqual([code, message]);
  });
});

describe('the next thing to try at a name that DNS does not know', () => {
  const nextAt = (host: string, code = 'ENOTFOUND') =>
    classify(new TransportError('not found', { code, sent: false, host }), {
      act: 'read',
      what: 'ask',
      where: 'weu',
    }).next;

  it.each([
    ['orders-weu.azurewebsites.net', 'privatelink.azurewebsites.net'],
    ['orders-weu-staging.scm.azurewebsites.net', 'privatelink.azurewebsites.net'],
    ['orders-weu.scm.azurewebsites.us', 'privatelink.azurewebsites.us'],
    ['orders-weu.chinacloudsites.cn', 'privatelink.chinacloudsites.cn'],
  ])('of a site or an SCM site is its private zone: %s', (host, zone) => {
    expect(nextAt(host)).toContain(`private zone ${zone} linked`);
  });

  it.each([
    'management.azure.com',
    'login.microsoftonline.com',
    'orders.blob.core.windows.net',
    'x.azurewebsites.net.example',
  ])('of anything else is no private zone: %s', (host) => {
    expect(nextAt(host)).toBe(`Check that this machine reaches ${host}: DNS, network, proxy, firewall.`);
  });

  it('is not asked of DNS where DNS gave an answer', () => {
    expect(nextAt('orders-weu.azurewebsites.net', 'ECONNREFUSED')).not.toContain('zone');
  });
});
