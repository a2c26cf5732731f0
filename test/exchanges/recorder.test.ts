import { describe, expect, it } from '@jest/globals';
import type { ArmExchange } from '../../src/emulator/record/channel.ts';
import { createRecorder, type RecordedExchange } from '../../src/emulator/record/recorder.ts';

const site =
  '/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/orders-rg/providers/Microsoft.Web/sites/orders-weu';

interface Told extends Partial<Omit<ArmExchange, 'url' | 'headers' | 'answered'>> {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answered?: unknown;
}

function exchange({ path = site, headers = {}, answered = {}, ...rest }: Told): ArmExchange {
  return {
    ...{ method: 'GET', asked: '', status: 200, ...rest },
    url: new URL(`https://localhost:8443${path}`),
    headers: new Headers(headers),
    answered: typeof answered === 'string' ? answered : JSON.stringify(answered),
  };
}

function record(...told: readonly Told[]): readonly RecordedExchange[] {
  const kept: RecordedExchange[] = [];
  const { take } = createRecorder((one) => kept.push(one));
  for (const one of told) take(exchange(one));
  return kept;
}

const bodyOf = (told: Told): unknown => JSON.parse(record(told)[0]?.answered ?? '');

describe('a recording has each shape once', () => {
  const one = { answered: { id: site, state: 'Running', at: '2026-02-03T04:05:06.7Z', size: 3 } };
  it.each<readonly [string, Told, Told]>([
    ['the same again', one, one],
    ['another app', one, { ...one, path: site.replace('orders-weu', 'orders-neu') }],
    [
      'other values of the same kind',
      one,
      {
        answered: {
          id: site.replace('orders-weu', 'x'),
          state: 'Running',
          at: '2027-01-01T00:00:00Z',
          size: 7,
        },
      },
    ],
    ['more of the same in a list', { answered: { value: [1] } }, { answered: { value: [1, 1, 1] } }],
    [
      'other settings',
      { path: `${site}/config/appsettings/list`, answered: { properties: { A: 'x' } } },
      { path: `${site}/config/appsettings/list`, answered: { properties: { B: 'y', C: 'z' } } },
    ],
  ])('%s is nothing new', (_, first, second) => expect(record(first, second)).toHaveLength(1));

  it.each<readonly [string, Told]>([
    ['a field more', { answered: { ...one.answered, name: 'x' } }],
    ['a value of another type', { answered: { ...one.answered, size: '3' } }],
    ['another word', { answered: { ...one.answered, state: 'Stopped' } }],
    ['a time without a zone', { answered: { ...one.answered, at: '2026-02-03T04:05:06' } }],
    ['a number beyond 32 bits', { answered: { ...one.answered, size: 2 ** 33 } }],
    ['a fraction', { answered: { ...one.answered, size: 0.1 } }],
    ['another status', { ...one, status: 202 }],
    ['another method', { ...one, method: 'PATCH' }],
    ['another api-version', { ...one, path: `${site}?api-version=2016-08-01` }],
    ['a slot', { ...one, path: `${site}/slots/staging` }],
    ['another header', { ...one, headers: { location: 'https://localhost/x' } }],
    ['a body in the request', { ...one, asked: '{"properties":{}}' }],
  ])('%s is new', (_, other) => expect(record(one, other)).toHaveLength(2));

  it('remembers shapes longer than exchanges', () => {
    const many = Array.from({ length: 5_000 }, (_, size) => ({
      answered: { size: size % 2, x: `${size} x` },
    }));
    expect(record(...many, ...many)).toHaveLength(2);
  });

  it('counts what is about another provider, and keeps nothing of it', () => {
    const kept: RecordedExchange[] = [];
    const { take, counts } = createRecorder((one) => kept.push(one));
    take(exchange({}));
    take(exchange({ path: '/subscriptions/x/resourceGroups/y' }));
    expect([kept.length, counts]).toEqual([1, { taken: 1, passedOver: 1 }]);
  });
});

describe("a recording has nothing in it that was anybody's", () => {
  const secret = 'hunter2hunter2';
  it.each<readonly [string, Told]>([
    ['settings', { path: `${site}/config/appsettings/list`, answered: { properties: { [secret]: secret } } }],
    [
      'settings that are written',
      {
        path: `${site}/config/appsettings`,
        method: 'PUT',
        asked: JSON.stringify({ properties: { type: secret } }),
      },
    ],
    [
      'connection strings',
      {
        path: `${site}/config/connectionstrings/list`,
        answered: { properties: { [secret]: { value: secret, type: 'Custom' } } },
      },
    ],
    [
      'keys',
      {
        path: `${site}/host/default/listkeys`,
        answered: { masterKey: secret, functionKeys: { default: secret } },
      },
    ],
    ["a function's keys", { path: `${site}/functions/${secret}/listkeys`, answered: { default: secret } }],
    [
      'credentials',
      { path: `${site}/config/publishingcredentials/list`, answered: { properties: { scmUri: secret } } },
    ],
    ['a publishing profile', { path: `${site}/publishxml`, answered: `<x userPWD="${secret}"/>` }],
    [
      'signatures',
      { asked: JSON.stringify({ properties: { packageUri: `https://s/c/x.zip?sig=${secret}` } }) },
    ],
    [
      'settings in a template',
      { asked: JSON.stringify({ siteConfig: { appSettings: [{ name: 'A', value: secret }] } }) },
    ],
    [
      'what a swap would change',
      {
        path: `${site}/slots/staging/slotsdiffs`,
        answered: {
          value: [
            {
              id: `${site}/slotsdiffs/${secret}`,
              properties: { settingName: secret, valueInCurrentSlot: secret },
            },
          ],
        },
      },
    ],
    ['queries', { path: `${site}/operationresults/1?t=${secret}` }],
    [
      'where an operation is',
      { headers: { location: `https://localhost${site}/operationresults/${secret}?t=${secret}` } },
    ],
    [
      'names',
      { path: `${site}/slots/${secret}`, answered: { name: secret, properties: { hostNames: [secret] } } },
    ],
    [
      "the host's answers",
      { path: `${site}/hostruntime/admin/${secret}?code=${secret}`, answered: { value: secret } },
    ],
    ['what is no JSON', { answered: secret }],
    [
      'messages',
      { status: 409, answered: { Message: secret, Details: [{ ErrorEntity: { Parameters: [secret] } }] } },
    ],
  ])('%s', (_, told) => expect(JSON.stringify(record(told))).not.toContain(secret));

  it('but what a schema can tell apart stays apart', () => {
    const told = {
      path: `${site}/config/connectionstrings/list`,
      answered: {
        id: `${site}/config/connectionstrings`,
        properties: { db: { value: 'x', type: 'SQLAzure' } },
      },
    };
    expect(bodyOf(told)).toEqual({
      id: '/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/group/providers/Microsoft.Web/sites/app/config/connectionstrings',
      properties: { name1: { value: 'text', type: 'SQLAzure' } },
    });
    expect(
      bodyOf({ answered: { a: null, b: true, c: [], d: '', e: 25, f: -3, minTlsVersion: '1.2' } }),
    ).toEqual({
      ...{ a: null, b: true, c: [], d: '', e: 100, f: -1, minTlsVersion: '1.2' },
    });
  });
});
