import { describe, expect, it } from '@jest/globals';
import { checkFleet } from '../../src/preflight/check-fleet.ts';
import type { Finding, PreflightRequest } from '../../src/preflight/finding.ts';
import { listNeededRights, mayDo } from '../../src/preflight/needed-rights.ts';
import { rules } from '../../src/preflight/rules.ts';
import { findEnd, findHostEnd } from '../../src/preflight/runtimes.ts';
import { slotFacts, targetFacts } from '../plan/fleet-facts.ts';
import { sceneCases, type View } from './scene-cases.ts';
import { settings, slot, surroundings } from './surroundings.ts';

function look({ facts = {}, around = {}, request = {}, neighbour }: View): readonly Finding[] {
  const { facts: otherFacts, ...others } = neighbour ?? {};
  const targets = [targetFacts('weu', facts), ...(neighbour ? [targetFacts('other', otherFacts)] : [])];
  const all = { weu: surroundings(around), other: surroundings(others) };
  return checkFleet({ targets, surroundings: all }, { settingNames: [], leave: ['other'], ...request });
}

const idsOf = (view: View) => look(view).map(({ id }) => id);

describe('rules that look around a target', () => {
  it('have nothing to say where all is well', () => {
    expect(look({})).toEqual([]);
  });

  it('have nothing to say where nobody looked', () => {
    const fleet = { targets: [targetFacts('weu')] };
    expect(checkFleet(fleet, { settingNames: [] })).toEqual([]);
  });

  it.each(sceneCases.map((each) => [each.id, each] as const))('%s speaks and is silent', (id, each) => {
    const found = look(each.fires).find((finding) => finding.id === id);
    expect(found?.found).toMatch(each.found);
    expect(found?.fix).toMatch(each.fix);
    expect(idsOf(each.silent)).not.toContain(id);
  });

  it('speak in sentences of one line, with a full stop, and never name nothing', () => {
    for (const each of sceneCases) {
      for (const { found } of look(each.fires))
        expect(found).toMatch(/^[A-Za-z](?!.*(undefined|null|NaN))[^\n]*\.$/);
    }
  });
});

describe('silence', () => {
  const closed = { staging: slot({ scmRules: { deniesOthers: true, rules: [] } }) };
  const silence = (...list: { rule: string; reason: string; targets?: string[] }[]): View => ({
    around: closed,
    request: { silence: list },
  });

  it('keeps a finding, with its reason', () => {
    const found = look(silence({ rule: 'scm-closed', reason: 'the runner is inside' }));
    expect(found.find(({ id }) => id === 'scm-closed')).toMatchObject({
      severity: 'warning',
      silenced: 'the runner is inside',
    });
    expect(found.find(({ id }) => id === 'access-rules-differ')?.silenced).toBeUndefined();
  });

  it('holds for the named targets only', () => {
    const of = (targets: string[]) =>
      look({ ...silence({ rule: 'scm-closed', reason: 'inside', targets }), neighbour: {} }).find(
        ({ id, target }) => id === 'scm-closed' && target === 'weu',
      )?.silenced;
    expect(of(['weu'])).toBe('inside');
    expect(of(['other'])).toBeUndefined();
  });

  it('of a law is refused, and the law still speaks', () => {
    const found = look({
      facts: { stickyNames: ['SLOTWAVE_RELEASE_ID'] },
      request: { silence: [{ rule: 'stamp-sticky', reason: 'we want it' }] },
    });
    expect(found.map(({ id, severity, silenced }) => [id, severity, silenced])).toEqual(
      expect.arrayContaining([
        ['silence-refused', 'error', undefined],
        ['stamp-sticky', 'error', undefined],
      ]),
    );
  });

  it('of what there is not is an error: rules and targets', () => {
    const found = look(
      silence({ rule: 'scm-close', reason: 'typing' }, { rule: 'scm-closed', reason: 'x', targets: ['neu'] }),
    );
    expect(found.filter(({ id }) => id === 'silence-unknown').map(({ found: text }) => text)).toEqual([
      'preflight.silence[0].rule: there is no rule "scm-close".',
      'preflight.silence[1].targets: neu is in no fleet.',
    ]);
  });

  it('is refused for every rule without which a rollout is not safe', () => {
    expect(rules.filter(({ silenceable }) => silenceable === false).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['plan-unsupported', 'auto-swap-on', 'stamp-sticky', 'content-share-shared']),
    );
    expect(
      rules.filter(({ silenceable, severity }) => silenceable === false && severity !== 'error'),
    ).toEqual([]);
  });
});

const inOneAccount = settings({ storage: { access: 'key', account: 'ordersdata' } });
const withHost = (extensionVersion: string) => slot({ settings: settings({ extensionVersion }) });

/** An app with orchestrations: what host.json says, and the settings of production and of the slot. */
function durable(
  hubName: string | null,
  hubs: readonly [Record<string, string>, Record<string, string>],
  accounts: readonly [string | null, string | null] = [null, null],
): View {
  const [production, staging] = [0, 1].map((at) =>
    slot({
      settings: settings({ taskHubs: hubs[at]!, storage: { access: 'key', account: accounts[at]! } }),
      triggers: [{ name: 'ship', type: 'orchestrationTrigger', account: null, disabled: true }],
    }),
  );
  const none = { runtimes: [], evidence: null, bundleFrom: null, extensions: {} };
  return {
    around: { production: production!, staging: staging! },
    request: { package: { ...none, hubName } },
  };
}

describe('other ways to the same finding', () => {
  const site = 'orders-for-the-whole-of-europe-west';
  const target = { ...targetFacts('weu').target, site };

  it.each<[string, string, View]>([
    [
      'host-id-collision',
      'two apps of the fleet, whose names differ late',
      {
        facts: { target: { ...target, slot: 's' } },
        around: { production: slot({ settings: inOneAccount }) },
        neighbour: {
          production: slot({ settings: inOneAccount }),
          facts: { target: { ...target, name: 'other', site: `${site}-2` } },
        },
      },
    ],
    [
      'runtime-ended',
      'an old Functions host',
      { around: { production: withHost('~3'), staging: withHost('~3') } },
    ],
    ['task-hub-shared', 'a name in host.json', durable('Orders', [{}, {}])],
    ['task-hub-shared', 'no name anywhere', durable(null, [{}, {}])],
    ['task-hub-shared', 'a name that travels', durable('%Hub%', [{ Hub: 'One' }, { Hub: 'Two' }])],
    [
      'identity-missing',
      'a connection without a key',
      {
        around: {
          staging: slot({
            identity: { system: false, user: [] },
            settings: settings({ usesIdentity: true }),
          }),
        },
      },
    ],
    [
      'connection-travels',
      'a connection string',
      {
        facts: { differences: [{ name: 'Db', kind: 'ConnectionString', rule: 'travels', description: '' }] },
      },
    ],
    [
      'warm-up-takes-anything',
      "production's, because it is sticky",
      {
        facts: { stickyNames: ['WEBSITE_SWAP_WARMUP_PING_PATH', 'WEBSITE_SWAP_WARMUP_PING_STATUSES'] },
        around: { production: slot({ settings: settings({ warmUp: { path: '/warm', statuses: null } }) }) },
      },
    ],
  ])('%s: %s', (id, _, view) => {
    expect(idsOf(view)).toContain(id);
  });

  it.each<[string, string, View]>([
    ['task-hub-shared', 'one hub in two accounts', durable('Orders', [{}, {}], ['one', 'two'])],
    [
      'host-id-collision',
      'an id of its own',
      {
        facts: { target },
        around: {
          production: slot({ settings: inOneAccount }),
          staging: slot({ settings: { ...inOneAccount, hostId: 'orders-staging' } }),
        },
      },
    ],
    [
      'runtime-unfit-for-package',
      'a runtime that the config sets itself',
      {
        request: {
          settingNames: ['FUNCTIONS_WORKER_RUNTIME'],
          package: { runtimes: ['python'], evidence: null, hubName: null, bundleFrom: null, extensions: {} },
        },
      },
    ],
    [
      'sticky-setting-one-sided',
      'what a law of its own is about',
      {
        facts: {
          stickyNames: ['SLOTWAVE_RELEASE_ID'],
          staging: slotFacts({ settingNames: [] }),
          production: slotFacts({ settingNames: ['SLOTWAVE_RELEASE_ID'] }),
        },
      },
    ],
  ])('but not %s: %s', (id, _, view) => {
    expect(idsOf(view)).not.toContain(id);
  });
});

describe('the version that a package needs', () => {
  const speaks = (needs: object, version: string, settingNames: readonly string[] = []) => {
    const pkg = { runtimes: [], evidence: null, hubName: null, bundleFrom: null, extensions: {} };
    const need = { language: 'node', major: 22, orLater: true, evidence: 'package.json', ...needs };
    const stack = { language: 'node', version };
    const around = { production: slot({ stack }), staging: slot({ stack }) };
    const ids = idsOf({ around, request: { settingNames, package: { ...pkg, needs: need } } });
    return ids.includes('runtime-version-unfit-for-package');
  };

  it.each<[string, object, string, readonly string[], boolean]>([
    ['less than it asks for', {}, '20', [], true],
    ['what it asks for', {}, '22', [], false],
    ['more, where that does', {}, '24', [], false],
    ['more, where that does not', { orLater: false }, '24', [], true],
    ['another language', { language: 'dotnet-isolated' }, '20', [], false],
    ['less, and the config brings another', {}, '20', ['WEBSITE_NODE_DEFAULT_VERSION'], false],
  ])('%s', (_, needs, version, settingNames, expected) => {
    expect(speaks(needs, version, settingNames)).toBe(expected);
  });
});

describe('rights', () => {
  it('are asked for by what will be done', () => {
    const of = (request: Partial<PreflightRequest>) =>
      listNeededRights(targetFacts('weu'), { settingNames: [], ...request }).map(({ action }) => action);
    expect(of({})).toContain('Microsoft.Web/sites/slots/publish/action');
    const pull = of({ delivery: { mode: 'pull', remoteBuild: false, store: 'https://s' } });
    expect(pull).not.toContain('Microsoft.Web/sites/slots/publish/action');
    expect(pull).toContain('Microsoft.Web/sites/slots/extensions/write');
    expect(of({ swap: { preview: true, resetPrepared: false } })).toContain(
      'Microsoft.Web/sites/slots/applySlotConfig/action',
    );
    expect(of({ stagingTriggers: 'disable' })).toContain('Microsoft.Web/sites/config/write');
  });

  it('are not asked to list keys where apps are looked at through ARM, which needs none', () => {
    const keys = (probes: PreflightRequest['probes']) =>
      listNeededRights(targetFacts('weu'), { settingNames: [], probes }).filter(({ action }) =>
        action.includes('listkeys'),
      );
    expect(keys({ via: 'direct' })).toHaveLength(2);
    expect(keys({ via: 'arm' })).toEqual([]);
    expect(keys({ via: 'direct', viaOf: { weu: 'arm' } })).toEqual([]);
    expect(keys({ via: 'arm', viaOf: { weu: 'dns' } })).toHaveLength(2);
  });

  it('do not come from a grant that takes them away', () => {
    const some = [{ actions: ['Microsoft.Web/*'], notActions: ['Microsoft.Web/*/delete'] }];
    expect(mayDo(some, 'microsoft.web/sites/slots/slotsswap/action')).toBe(true);
    expect(mayDo(some, 'Microsoft.Web/sites/slots/delete')).toBe(false);
    expect(mayDo(some, 'Microsoft.Storage/storageAccounts/read')).toBe(false);
    expect(mayDo([], 'Microsoft.Web/sites/read')).toBe(false);
  });
});

describe('the end of runtimes', () => {
  it.each([
    ['node', '20', '2026-04-30'],
    ['node', '18.12', '2025-04-30'],
    ['python', '3.9', '2025-10-31'],
    ['dotnet-isolated', '8.0', '2026-11-10'],
    ['dotnet-isolated', '10.0', '2028-11-14'],
    ['dotnet', '8.0', '2026-11-10'],
    ['java', '1.8', '2026-11-30'],
    ['powershell', '7.6', undefined],
    ['python', '3.14', undefined],
    ['java', '21', '2028-09-01'],
    ['powershell', '7.4', '2026-11-10'],
    ['node', '99', undefined],
    ['cobol', '85', undefined],
  ])('%s %s: %s', (language, version, day) => {
    expect(findEnd({ language, version })?.day).toBe(day);
  });

  it('is known of the host itself', () => {
    expect(findHostEnd('~1')?.day).toBe('2026-09-14');
    expect(findHostEnd('~4')).toBeNull();
  });
});
