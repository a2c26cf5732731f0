/** The cards: one row for each thing that Azure was seen doing, with what the engine has promised about it. */
import type { FaultInput } from '../../../src/emulator/faults/schema.ts';
import type { Dice } from './dice.ts';

/** harmless: changes no outcome. fails: a target may fail for it. blinds: nobody may be able to tell any more. */
export type Severity = 'harmless' | 'fails' | 'blinds';

export interface Card {
  readonly name: string;
  readonly severity: Severity;
  /** Of these a site stands two: three requests are made for a swap, and one bad answer is tolerated in a watch. */
  readonly strains?: 'swap' | 'look' | 'upload';
  /** About no site in particular. */
  readonly everywhere?: boolean;
  readonly draw: (dice: Dice, site: string) => readonly FaultInput[];
}

const minute = 60_000;
const swap = 'POST */slotsswap';
const poll = 'GET */operationresults/*';
const write = 'PUT */config/appsettings';
const upload = 'POST /api/*';
const busy =
  'Cannot modify this site because another operation is in progress. Details: Id: 1, OperationName: SwapSiteSlots';

type When = NonNullable<FaultInput['when']>;
type Then = FaultInput['then'];

const fault = (when: When, then: Then): FaultInput => ({ when, then });
const once = (site: string, request: string, then: Then, occurrence = 1) =>
  fault({ site, request, occurrence }, then);

const effects = ['none', 'before', 'after'] as const;
const gateway = [500, 502, 503, 504] as const;

const reading: readonly Card[] = [
  {
    name: 'ARM answers some reads badly',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', request: 'GET *', probability: dice.next() * 0.1 },
        { status: dice.pick(gateway), ...(dice.chance(0.5) ? { headers: { 'retry-after': '5' } } : {}) },
      ),
    ],
  },
  {
    name: 'ARM loses some answers to reads',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', request: 'GET *', probability: dice.next() * 0.1 },
        { lost: dice.pick(['before', 'after'] as const) },
      ),
    ],
  },
  {
    name: 'ARM does not list settings now',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, request: 'POST */config/appsettings/list', occurrence: drawRow(dice, 12, 3) },
        { status: dice.pick(gateway) },
      ),
    ],
  },
  {
    name: 'ARM asks to slow down',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', probability: dice.next() * 0.06 },
        { status: 429, code: 'TooManyRequests', headers: { 'retry-after': String(dice.int(1, 20)) } },
      ),
    ],
  },
  {
    name: 'ARM throttles, in its own words',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', probability: dice.next() * 0.06 },
        {
          throttled: {
            code: dice.pick([
              'TooManyRequests',
              'OperationNotAllowed',
              'SubscriptionRequestsThrottled',
            ] as const),
            retryAfter: String(dice.int(1, 20)),
          },
        },
      ),
    ],
  },
  {
    name: 'all tokens expire at once',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault({ door: 'arm', request: 'GET *', occurrence: dice.int(1, 80) }, { token: 'expired' }),
    ],
  },
  {
    name: 'a token is refused',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', request: 'GET *', occurrence: dice.int(1, 60) },
        { status: 401, code: 'ExpiredAuthenticationToken' },
      ),
    ],
  },
  {
    name: 'no token now',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [fault({ door: 'login', occurrence: dice.pick([[1], [1, 2]]) }, { status: 503 })],
  },
  {
    name: 'ARM is slow',
    severity: 'harmless',
    everywhere: true,
    draw: (dice) => [
      fault({ door: 'arm', request: 'GET *', probability: 0.1 }, { delay: dice.int(1, 40) * 1000 }),
    ],
  },
  {
    name: 'keys are not told while the host starts',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, request: 'POST */host/default/listkeys', occurrence: drawRow(dice, 2, 2) },
        {
          status: 400,
          code: 'BadRequest',
          message: 'Encountered an error (ServiceUnavailable) from host runtime.',
        },
      ),
    ],
  },
];

const staging: readonly Card[] = [
  {
    name: 'settings: the answer is bad',
    severity: 'harmless',
    draw: (dice, site) => [
      once(site, write, { status: dice.pick(gateway), effect: dice.pick(effects) }, dice.int(1, 2)),
    ],
  },
  {
    name: 'settings: the answer is lost',
    severity: 'harmless',
    draw: (dice, site) => [once(site, write, { lost: dice.pick(['before', 'after'] as const) })],
  },
  {
    name: 'settings: another operation runs',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, request: write, occurrence: drawRow(dice, 1, 3) },
        { status: 409, code: 'Conflict', message: busy },
      ),
    ],
  },
  {
    name: 'the SCM site answers badly',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, door: 'scm', request: 'GET *', probability: 0.05 + dice.next() * 0.1 },
        { status: dice.pick([...gateway, 429] as const) },
      ),
    ],
  },
  {
    name: 'the SCM site is slow',
    severity: 'harmless',
    draw: (dice, site) => [
      fault({ site, door: 'scm', request: 'GET *', probability: 0.2 }, { delay: dice.int(5, 130) * 1000 }),
    ],
  },
  {
    name: 'the upload breaks off',
    severity: 'harmless',
    strains: 'upload',
    draw: (dice, site) => [once(site, upload, { reset: { afterBytes: dice.int(0, 400) } })],
  },
  {
    name: 'the answer to the upload is lost',
    severity: 'harmless',
    strains: 'upload',
    draw: (dice, site) => [
      once(site, upload, { lost: dice.pick(['before', 'after'] as const) }, dice.int(1, 2)),
    ],
  },
  {
    name: 'the upload is answered badly',
    severity: 'harmless',
    strains: 'upload',
    draw: (dice, site) => [once(site, upload, { status: dice.pick(gateway), effect: dice.pick(effects) })],
  },
  {
    name: 'the SCM site is busy',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, request: upload, occurrence: drawRow(dice, 1, 4) },
        {
          status: 409,
          body: dice.pick([
            'There is a deployment currently in progress. Please try again when it completes.',
            'There may be an auto swap deployment currently ongoing. Please try again later.',
            'The operation conflicts with the pending operation.',
          ]),
        },
      ),
    ],
  },
  {
    name: 'the deployment meets another one',
    severity: 'harmless',
    strains: 'upload',
    draw: (_dice, site) => [fault({ site, slot: 'staging', occurrence: 1 }, { deploymentEnds: 'conflict' })],
  },
  {
    name: 'the deployment fails',
    severity: 'fails',
    draw: (dice, site) => [
      fault(
        { site, slot: 'staging', occurrence: dice.int(1, 2) },
        { deploymentEnds: dice.pick(['failed', 'partial', 'cancelled', 'never'] as const) },
      ),
    ],
  },
  {
    // Somebody who died meanwhile has long gone on when it happens: then it meets what was promoted since.
    name: 'what was written is carried out late',
    severity: 'fails',
    draw: (dice, site) => [once(site, dice.pick([write, upload]), { delay: dice.int(20, 130) * 1000 })],
  },
  {
    name: 'the SCM site refuses the package',
    severity: 'fails',
    draw: (dice, site) => [once(site, upload, { status: dice.pick([400, 413, 403]), body: 'no' })],
  },
];

const moving: readonly Card[] = [
  {
    name: 'swap: the answer is lost',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(site, swap, { lost: dice.pick(['before', 'after'] as const) }, dice.int(1, 2)),
    ],
  },
  {
    name: 'swap: 5xx',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(site, swap, { status: dice.pick(gateway), effect: dice.pick(effects) }, dice.int(1, 2)),
    ],
  },
  {
    name: 'swap: throttled',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(site, swap, {
        status: 429,
        code: 'TooManyRequests',
        headers: { 'retry-after': String(dice.int(1, 60)) },
      }),
    ],
  },
  {
    name: 'swap: another operation runs',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(site, swap, { status: 409, code: 'Conflict', message: busy }, dice.int(1, 2)),
    ],
  },
  {
    name: 'swap: carried out late',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [once(site, swap, { delay: dice.int(60, 140) * 1000 }, dice.int(1, 2))],
  },
  {
    name: 'swap: carried out long after its connection broke',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(
        site,
        swap,
        dice.pick<Then>([
          { lost: 'after', later: dice.int(5, 130) * 1000 },
          { status: dice.pick(gateway), effect: 'after', later: dice.int(5, 130) * 1000 },
        ]),
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'swap: refused at once',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(
        site,
        swap,
        { swap: { failAt: 'request', as: dice.pick(['busy', 'plan-busy', 'plan-throttled'] as const) } },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'swap: refused for good',
    severity: 'blinds',
    draw: (dice, site) => [
      once(
        site,
        swap,
        {
          swap: {
            failAt: 'request',
            as: dice.pick(['prepared', 'prepared-elsewhere', 'authentication'] as const),
          },
        },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'the swap is told otherwise',
    severity: 'harmless',
    draw: (dice, site) => [
      once(
        site,
        swap,
        {
          operation: dice.pick([
            { location: 'absent' as const },
            { retryAfter: dice.pick(['', 'soon', '-1', '9999']) },
            { results: 'vanish' as const },
          ]),
        },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'the preview is answered badly',
    severity: 'harmless',
    draw: (dice, site) => [
      once(
        site,
        'POST */applySlotConfig',
        dice.pick<Then>([
          { status: dice.pick(gateway), effect: dice.pick(effects) },
          { lost: dice.pick(['before', 'after'] as const) },
        ]),
      ),
    ],
  },
  {
    name: 'the cancelled preview is answered badly',
    severity: 'harmless',
    draw: (dice, site) => [
      once(
        site,
        'POST */resetSlotConfig',
        dice.pick<Then>([
          { status: dice.pick(gateway), effect: dice.pick(effects) },
          { lost: dice.pick(['before', 'after'] as const) },
        ]),
      ),
    ],
  },
  {
    name: 'swap: fails, try again',
    severity: 'harmless',
    strains: 'swap',
    draw: (dice, site) => [
      once(
        site,
        swap,
        {
          swap: {
            failAt: dice.pick(['apply', 'warmup', 'route'] as const),
            as: dice.pick(['ping', 'worker', 'allocation'] as const),
          },
        },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'swap: fails for good',
    severity: 'fails',
    draw: (dice, site) => [
      once(
        site,
        swap,
        { swap: { failAt: 'warmup', as: dice.pick(['initialization', 'timeout'] as const) } },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'swap: left half done',
    severity: 'blinds',
    draw: (dice, site) => [
      once(
        site,
        swap,
        { swap: { failAt: dice.pick(['warmup', 'route'] as const), as: 'unexpected' } },
        dice.int(1, 2),
      ),
    ],
  },
  {
    name: 'swap: fails again and again',
    severity: 'fails',
    draw: (dice, site) => [
      fault(
        { site, request: swap, occurrence: [1, 2, 3, 4] },
        { swap: { failAt: 'warmup', as: dice.pick(['ping', 'worker'] as const) } },
      ),
    ],
  },
  {
    name: 'Azure takes the swap back',
    severity: 'blinds',
    draw: (dice, site) => [
      once(site, swap, { operation: { takenBack: dice.int(1, 120) * 1000 } }, dice.int(1, 2)),
    ],
  },
  {
    name: 'the swap is lost from sight',
    severity: 'harmless',
    draw: (dice, site) => [
      fault(
        { site, request: poll, occurrence: dice.int(1, 4) },
        dice.pick<Then>([{ status: 404 }, { status: 403 }, { status: 500 }, { lost: 'before' }]),
      ),
    ],
  },
  {
    name: 'the swap is not answered for',
    severity: 'harmless',
    draw: (dice, site) => [fault({ site, request: poll }, { status: dice.pick([404, 500, 503, 429]) })],
  },
];

const running: readonly Card[] = [
  {
    name: 'hosts start slowly',
    severity: 'harmless',
    draw: (dice, site) => [fault({ site }, { host: { startDelay: dice.int(5, 60) * 1000 } })],
  },
  {
    name: 'hosts start very slowly',
    severity: 'fails',
    draw: (dice, site) => [fault({ site }, { host: { startDelay: dice.int(2, 12) * minute } })],
  },
  {
    name: 'the app is not reached once',
    severity: 'harmless',
    draw: (dice, site) => [fault({ site, door: 'app', occurrence: dice.int(1, 40) }, { lost: 'before' })],
  },
  {
    name: 'the app answers badly once',
    severity: 'harmless',
    strains: 'look',
    draw: (dice, site) => [
      fault({ site, door: 'app', occurrence: dice.int(5, 60) }, { status: dice.pick([500, 502, 503]) }),
    ],
  },
  {
    name: 'the app answers badly at times',
    severity: 'fails',
    draw: (dice, site) => [
      fault({ site, door: 'app', probability: 0.03 + dice.next() * 0.2 }, { status: 502 }),
    ],
  },
  {
    name: 'the app is slow at times',
    severity: 'fails',
    draw: (dice, site) => [
      fault({ site, door: 'app', probability: 0.1 + dice.next() * 0.3 }, { delay: dice.int(2, 30) * 1000 }),
    ],
  },
  {
    name: 'the network blocks us from a moment on',
    severity: 'blinds',
    draw: (dice, site) => [
      fault(
        { site, door: 'app', after: dice.int(1, 12) * minute },
        { status: 403, headers: { 'x-ms-forbidden-ip': '10.0.0.1' }, body: 'Ip Forbidden' },
      ),
    ],
  },
];

const outages: readonly Card[] = [
  {
    name: 'ARM is gone for a site from a moment on',
    severity: 'blinds',
    draw: (dice, site) => [fault({ site, door: 'arm', after: dice.int(1, 15) * minute }, { lost: 'before' })],
  },
  {
    name: 'ARM answers many requests badly',
    severity: 'blinds',
    everywhere: true,
    draw: (dice) => [fault({ door: 'arm', probability: 0.2 + dice.next() * 0.4 }, { status: 503 })],
  },
  {
    name: 'ARM loses many answers',
    severity: 'blinds',
    everywhere: true,
    draw: (dice) => [
      fault(
        { door: 'arm', probability: 0.1 + dice.next() * 0.4 },
        { lost: dice.pick(['before', 'after'] as const) },
      ),
    ],
  },
  {
    name: 'rights are taken away',
    severity: 'blinds',
    draw: (dice, site) => [
      fault(
        { site, door: 'arm', request: 'POST|PUT *', after: dice.int(1, 12) * minute },
        { status: 403, code: 'AuthorizationFailed' },
      ),
    ],
  },
];

export const cards: readonly Card[] = [...reading, ...staging, ...moving, ...running, ...outages];

/** The first few of all, or a few in a row somewhere. */
function drawRow(dice: Dice, latest: number, most: number): number[] {
  const first = dice.int(1, latest);
  return Array.from({ length: dice.int(1, most) }, (_, at) => first + at);
}
