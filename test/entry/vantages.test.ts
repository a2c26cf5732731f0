import { afterEach, describe, expect, it } from '@jest/globals';
import { createTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import { lookedAt } from '../../src/entry/open-look.ts';
import { openVantages, type VantageParts } from '../../src/entry/vantages.ts';
import { RefusalError } from '../../src/errors.ts';
import type { VantageRequest } from '../../src/plan/vantage-request.ts';
import { NoAnswer, type Vantage } from '../../src/probe/vantage.ts';
import type { Side } from '../../src/probe/verdict.ts';
import {
  certify,
  closeAll,
  closeLater,
  siteName,
  startConnectProxy,
  startDns,
  startSite,
} from '../azure/road-kit.ts';
import { makePlan } from '../builders.ts';

afterEach(closeAll);

interface Wish {
  /** One for each target; undefined: as the probes say. */
  readonly vantages: Readonly<Record<string, VantageRequest | undefined>>;
  readonly probes?: VantageRequest;
  readonly environment?: Readonly<Record<string, string>>;
  /** What ARM tells of private endpoints, by `target side`. */
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly mayLack?: boolean;
}

async function open(wish: Wish) {
  const { vantages, probes = { via: 'direct' }, environment = {}, endpoints = {}, mayLack } = wish;
  const { ca } = await certify();
  const { send, secureContext, close } = createTransport({ clock: systemClock(), ca });
  closeLater(close);
  const names = Object.keys(vantages);
  const plan = makePlan({ waves: [{ name: 'all', targets: names }], probes: { vantage: probes } });
  const targets = plan.targets.map((each) => {
    const { target } = each.facts;
    const vantage = vantages[target.name];
    return { ...each, facts: { ...each.facts, target: vantage ? { ...target, vantage } : target } };
  });
  const hidden: string[] = [];
  const asked: string[] = [];
  const parts: VantageParts = {
    connection: {
      transport: send,
      secureContext,
      azure: {
        endpointAddress: async ({ name }, side) => {
          asked.push(`${name} ${side}`);
          if (endpoints[`${name} ${side}`] === 'forbidden')
            throw new RefusalError('403 AuthorizationFailed.', { code: 'permission-missing' });
          return endpoints[`${name} ${side}`] ?? null;
        },
        armVantage: () => ({ name: 'arm', ask: () => Promise.reject(new NoAnswer('X', 'x')) }),
      },
    },
    environment,
    hide: (secret) => hidden.push(secret),
    mayLack,
  };
  const opened = await openVantages({ targets, probes: plan.probes }, parts);
  const find = (name: string) => {
    const found = targets.find(({ facts }) => facts.target.name === name);
    if (!found) throw new Error(name);
    return found.facts.target;
  };
  return { ...opened, find, hidden, asked };
}

const look = (vantage: Vantage, port: number, side: Side) =>
  vantage.ask({
    side,
    url: new URL(`https://${siteName}:${port}/`),
    method: 'GET',
    headers: {},
    timeoutMs: 5_000,
  });

describe('one fleet, looked at from several places', () => {
  it('takes for each target and slot its own road', async () => {
    const { port } = await startSite();
    const dns = await startDns({ [siteName]: '127.0.0.1' });
    const proxy = await startConnectProxy({ to: port, login: 'me:hunter22' });
    const { vantageFor, roadFor, find, hidden, asked } = await open({
      probes: { via: 'dns', servers: [`127.0.0.1:${dns}`] },
      vantages: {
        weu: undefined,
        neu: { via: 'private-endpoint', addresses: null },
        eus: { via: 'proxy', proxy: '$' + '{env:HUB}' },
        wus: { via: 'private-endpoint', addresses: { live: '127.0.0.1', beside: '127.0.0.7' } },
        far: { via: 'arm' },
        open: { via: 'direct' },
      },
      environment: { HUB: `http://me:hunter22@127.0.0.1:${proxy.port}` },
      endpoints: { 'neu live': '127.0.0.9', 'neu beside': '127.0.0.1' },
    });
    const seen = async (name: string, side: Side) => {
      const { road } = await look(vantageFor(find(name)), port, side);
      return [vantageFor(find(name)).name, road?.via, road?.addresses, road?.proxy];
    };
    expect(await seen('weu', 'live')).toEqual(['dns', 'dns', ['127.0.0.1'], null]);
    expect(await seen('neu', 'beside')).toEqual([
      'private-endpoint',
      'private-endpoint',
      ['127.0.0.1'],
      null,
    ]);
    expect(await seen('eus', 'live')).toEqual(['proxy', 'proxy', [], `127.0.0.1:${proxy.port}`]);
    expect(await seen('wus', 'live')).toEqual(['private-endpoint', 'private-endpoint', ['127.0.0.1'], null]);
    expect(vantageFor(find('far')).name).toBe('arm');
    expect(vantageFor(find('open')).name).toBe('direct');
    // The site listens on one address alone: the other slot's endpoint was really another one.
    const elsewhere = await look(vantageFor(find('wus')), port, 'beside').catch((error: unknown) => error);
    expect(elsewhere).toBeInstanceOf(NoAnswer);
    expect(elsewhere).toMatchObject({ code: 'ECONNREFUSED', road: { addresses: ['127.0.0.7'] } });
    // ARM is asked only where nobody said.
    expect(asked.sort()).toEqual(['neu beside', 'neu live']);
    expect(roadFor(find('open'), 'beside')).toBeUndefined();
    expect(roadFor(find('far'), 'beside')).toBeUndefined();
    expect(hidden).toContain('hunter22');
  });

  it('shares the road of equal requests', async () => {
    const dns: VantageRequest = { via: 'dns', servers: ['127.0.0.1'] };
    const { roadFor, find } = await open({ vantages: { weu: dns, neu: { ...dns } } });
    expect(roadFor(find('weu'), 'live')).toBe(roadFor(find('neu'), 'beside'));
  });
});

describe('a rollout', () => {
  it('needs no way to a target that it leaves alone', () => {
    const plan = makePlan({ waves: [{ name: 'all', targets: ['weu'] }], left: ['neu'] });
    const { targets, probes } = lookedAt(plan);
    expect(targets.map(({ facts }) => facts.target.name)).toEqual(['weu']);
    expect(probes).toBe(plan.probes);
  });
});

describe('whoever only looks', () => {
  it('hears of one slot that has no endpoint when that slot is looked at, and of the others as ever', async () => {
    const { port } = await startSite();
    const { vantageFor, find } = await open({
      mayLack: true,
      probes: { via: 'private-endpoint', addresses: null },
      vantages: { weu: undefined, neu: undefined },
      endpoints: { 'weu live': '127.0.0.1', 'neu live': 'forbidden' },
    });
    const seen = (name: string, side: Side) =>
      look(vantageFor(find(name)), port, side).then(
        ({ status }) => status,
        (error: NoAnswer) => [error.code, error.message],
      );
    expect(await seen('weu', 'live')).toBe(200);
    expect(await seen('weu', 'beside')).toEqual([
      'ENDPOINT_UNKNOWN',
      expect.stringMatching(/approved private endpoint of app-weu\/staging$/),
    ]);
    expect(await seen('neu', 'live')).toEqual([
      'ENDPOINT_UNKNOWN',
      expect.stringMatching(/of app-neu could not be read: 403 AuthorizationFailed/),
    ]);
  });
});

describe('what a road needs and has not is told before anything starts, all at once', () => {
  it.each([
    [
      'an endpoint that ARM does not tell',
      { vantages: { weu: { via: 'private-endpoint', addresses: null }, neu: undefined } },
      'private-endpoint-unknown',
      [/approved private endpoint of app-weu$/, /app-weu\/staging/],
    ],
    [
      'variables that are not set',
      {
        probes: { via: 'proxy', proxy: 'http://$' + '{env:USER_NAME}:$' + '{env:PASSWORD}@hub:1' },
        vantages: { weu: { via: 'proxy', proxy: '$' + '{env:HUB}' } },
      },
      'env-missing',
      [/USER_NAME/, /PASSWORD/, /HUB/],
    ],
    [
      'proxies that are none',
      {
        vantages: {
          weu: { via: 'proxy', proxy: '$' + '{env:ONE}' },
          neu: { via: 'proxy', proxy: 'http://$' + '{env:TWO}' },
        },
        environment: { ONE: 'gopher://me:hunter22@hub', TWO: 'hub:port' },
      },
      'proxy-unreadable',
      [/not the address/, /not the address/],
    ],
  ] as readonly (readonly [string, Wish, string, readonly RegExp[]])[])('%s', async (_, wish, code, told) => {
    const error = (await open(wish).then(
      () => null,
      (thrown: unknown) => thrown,
    )) as { readonly problems: readonly { readonly message: string }[] } | null;
    expect(error).toMatchObject({ kind: 'input', code });
    const messages = error?.problems.map(({ message }) => message) ?? [];
    expect(messages).toEqual(told.map((each) => expect.stringMatching(each)));
    expect(JSON.stringify(error)).not.toContain('hunter22');
  });
});
