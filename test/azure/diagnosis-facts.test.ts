/** What is gathered for a diagnosis, each by itself: names from real name servers, a slot's state from ARM. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Arm } from '../../src/azure/arm.ts';
import { askNames } from '../../src/azure/name-facts.ts';
import { readSiteState } from '../../src/azure/site-state.ts';
import { makeTarget } from '../builders.ts';
import { closeAll, startDns } from './road-kit.ts';

afterEach(closeAll);

const never = new AbortController().signal;
const link = 'orders.privatelink.sites.test';

describe('names', () => {
  it('are asked of each given server by itself: the chain, the addresses, or why there are none', async () => {
    const [knows, ignorant] = await Promise.all([
      startDns({ 'orders.sites.test': link, [link]: '10.1.0.4' }),
      startDns({ 'orders.sites.test': link }),
    ]);
    const facts = await askNames(
      'orders.sites.test:8443',
      [`127.0.0.1:${knows}`, `127.0.0.1:${ignorant}`, 'no server'],
      AbortSignal.timeout(8_000),
    );
    expect(facts[0]).toMatchObject({ resolver: 'the system', addresses: [] });
    expect(facts.slice(1)).toEqual([
      { resolver: `127.0.0.1:${knows}`, cnames: [link], addresses: ['10.1.0.4'], code: null },
      {
        resolver: `127.0.0.1:${ignorant}`,
        cnames: [link],
        addresses: [],
        code: 'ENODATA',
      },
      { resolver: 'no server', cnames: [], addresses: [], code: 'EBADSERVER' },
    ]);
  });

  it('of this machine and bare addresses are nobody’s question', async () => {
    for (const host of ['orders.azurewebsites.localhost:443', '10.1.0.4', '[::1]:443'])
      expect(await askNames(host, ['127.0.0.1:9'], never)).toEqual([]);
  });

  it('are not waited for longer than the signal says', async () => {
    const startedMs = performance.now();
    const silent = await askNames('orders.sites.test', ['127.0.0.1:9'], AbortSignal.timeout(200));
    expect(performance.now() - startedMs).toBeLessThan(1_900);
    expect(silent.at(-1)?.addresses).toEqual([]);
  });
});

describe('the state of a slot', () => {
  const play = (answers: Readonly<Record<string, object | null>>) => {
    const asked: string[] = [];
    const send: Arm['send'] = async (_subscription, { url }) => {
      asked.push(url.replace(/^.*\/sites\//, ''));
      const answer = answers[url.includes('privateEndpointConnections') ? 'endpoints' : 'site'];
      if (!answer) throw new Error('503');
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    };
    return { asked, arm: { send } as Arm };
  };
  const target = makeTarget({ name: 'weu' });
  const site = { properties: { state: 'Stopped', publicNetworkAccess: 'Disabled' } };
  const endpoint = {
    name: 'connection-1',
    properties: {
      privateEndpoint: { id: '/subscriptions/s/providers/Microsoft.Network/privateEndpoints/pe-weu' },
      privateLinkServiceConnectionState: { status: 'Pending' },
      ipAddresses: ['10.1.0.4'],
    },
  };

  it('is read with its endpoints, each once', async () => {
    const { arm, asked } = play({ site, endpoints: { value: [endpoint] } });
    expect(await readSiteState(arm, target, 'beside')).toEqual({
      state: 'Stopped',
      publicNetworkAccess: 'Disabled',
      endpoints: [{ name: 'pe-weu', status: 'Pending', addresses: ['10.1.0.4'] }],
    });
    expect(asked).toEqual([
      expect.stringMatching(/^[^/]+\/slots\/staging\?/),
      expect.stringMatching(/^[^/]+\/slots\/staging\/privateEndpointConnections\?/),
    ]);
  });

  it('is unknown where ARM does not say it, and that is no failure', async () => {
    const { arm } = play({ site: null, endpoints: null });
    expect(await readSiteState(arm, target, 'live')).toEqual({
      state: null,
      publicNetworkAccess: null,
      endpoints: null,
    });
  });
});
