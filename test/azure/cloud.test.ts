import { describe, expect, it } from '@jest/globals';
import { describeCloud } from '../../src/azure/cloud.ts';
import { VirtualClock } from '../../src/clock.ts';
import { type Step, script, unreachable } from './scripted.ts';

const public2022 = {
  name: 'AzureCloud',
  resourceManager: 'https://management.azure.com/',
  authentication: {
    loginEndpoint: 'https://login.microsoftonline.com',
    audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
    tenant: 'common',
  },
};
const json = (value: unknown): Step => ({ body: JSON.stringify(value) });

function describeWith(name: string, ...steps: Step[]) {
  const clock = new VirtualClock(0);
  const { transport, sent } = script(steps, clock);
  return { sent, clock, cloud: clock.run(describeCloud(name, { transport, clock, random: () => 0.5 })) };
}

describe('a cloud', () => {
  it.each(['AzureCloud', 'azurecloud', 'https://management.azure.com', 'https://management.azure.com/'])(
    '%s is the public one',
    async (name) => {
      const { cloud, sent } = describeWith(name, json(public2022));
      expect(await cloud).toEqual({
        name: 'AzureCloud',
        resourceManager: 'https://management.azure.com',
        loginEndpoint: 'https://login.microsoftonline.com',
        scope: 'https://management.azure.com/.default',
        wellKnown: true,
      });
      expect(sent.map(({ url }) => url)).toEqual([
        'https://management.azure.com/metadata/endpoints?api-version=2022-09-01',
      ]);
      expect(sent[0]?.headers).not.toHaveProperty('authorization');
    },
  );

  it.each([
    ['AzureChinaCloud', 'https://management.chinacloudapi.cn', 'https://login.chinacloudapi.cn'],
    ['AzureUSGovernment', 'https://management.usgovcloudapi.net', 'https://login.microsoftonline.us'],
  ])('%s', async (name, resourceManager, loginEndpoint) => {
    const { cloud } = describeWith(
      name,
      json({
        name,
        resourceManager,
        authentication: { loginEndpoint, audiences: ['https://management.core.x/', resourceManager] },
      }),
    );
    expect(await cloud).toEqual({
      name,
      resourceManager,
      loginEndpoint,
      scope: `${resourceManager}/.default`,
      wellKnown: true,
    });
  });

  it("of one's own is found at its URL, in either form of its answer", async () => {
    const own = {
      name: 'Own',
      resourceManager: 'https://arm.own.example',
      authentication: {
        loginEndpoint: 'https://login.own.example/adfs',
        audiences: ['https://audience.own.example/x'],
      },
    };
    for (const body of [own, [own], [public2022, own]]) {
      expect(await describeWith('https://arm.own.example/', json(body)).cloud).toEqual({
        name: 'Own',
        resourceManager: 'https://arm.own.example',
        loginEndpoint: 'https://login.own.example',
        scope: 'https://audience.own.example/x/.default',
        wellKnown: false,
      });
    }
  });

  it.each(['AzureMoon', 'http://localhost:1', 'https://x.example/path', 'https://user@x.example', ''])(
    '"%s" is none, and nobody is asked',
    async (name) => {
      const { cloud, sent } = describeWith(name, json(public2022));
      await expect(cloud).rejects.toMatchObject({ kind: 'input', code: 'cloud-unknown', where: '--cloud' });
      expect(sent).toEqual([]);
    },
  );

  it.each<[string, Step]>([
    ['a page', { body: '<html>' }],
    ['an object without a login', json({ name: 'x' })],
    [
      'a login without TLS',
      json({ ...public2022, authentication: { loginEndpoint: 'http://login.example' } }),
    ],
    ['nothing', {}],
  ])('that answers with %s is no ARM', async (_name, step) => {
    await expect(describeWith('https://arm.own.example', step).cloud).rejects.toMatchObject({
      kind: 'input',
      code: 'cloud-not-arm',
    });
  });

  it('well known, whose login is a stranger, is not believed', async () => {
    const step = json({ ...public2022, authentication: { loginEndpoint: 'https://login.evil.example' } });
    await expect(describeWith('AzureCloud', step).cloud).rejects.toMatchObject({ code: 'cloud-not-arm' });
  });

  it('that is not reachable is told within half a minute', async () => {
    const { cloud, clock } = describeWith('https://arm.own.example', unreachable());
    await expect(cloud).rejects.toMatchObject({ kind: 'input', code: 'cloud-not-reachable' });
    expect(clock.now()).toBeLessThan(30_000);
  });

  it('that stumbles once is asked again', async () => {
    expect((await describeWith('AzureCloud', { status: 503 }, json(public2022)).cloud).name).toBe(
      'AzureCloud',
    );
  });
});
