import { describe, expect, it } from '@jest/globals';
import { readOnly } from '../../src/azure/read-only.ts';
import type { HttpRequest, Transport } from '../../src/azure/transport.ts';

const site = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/orders';
const arm = 'https://management.azure.com';

function watch(): { transport: Transport; sent: HttpRequest[] } {
  const sent: HttpRequest[] = [];
  return {
    sent,
    transport: async (request) => {
      sent.push(request);
      return { status: 200, reason: '', headers: {}, setCookies: [], body: '', address: null };
    },
  };
}

const ask = (transport: Transport, method: string, url: string, headers = {}) =>
  transport({ method, url, headers, timeoutMs: 1 });

describe('a transport that cannot write', () => {
  it.each([
    ['GET', `${arm}${site}`],
    ['HEAD', `${arm}${site}`],
    ['GET', `${arm}${site}/slots/staging/operationresults/1`],
    ['POST', `${arm}${site}/config/appsettings/list?api-version=2025-05-01`],
    ['POST', `${arm}${site}/slots/staging/config/appsettings/list`],
    ['POST', `${arm}${site}/slots/staging/slotsdiffs`],
    ['POST', `${arm}${site.toUpperCase()}/HOST/DEFAULT/LISTKEYS`],
    ['POST', `${arm}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`],
    ['POST', 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token?client-request-id=1'],
  ])('lets %s %s through', async (method, url) => {
    const { transport, sent } = watch();
    await ask(readOnly(transport), method, url);
    expect(sent.length).toBe(1);
  });

  it.each([
    ['POST', `${arm}${site}/slots/staging/slotsswap`],
    ['POST', `${arm}${site}/slots/staging/resetSlotConfig`],
    ['PUT', `${arm}${site}/slots/staging/config/appsettings`],
    ['PATCH', `${arm}${site}/config/web`],
    ['DELETE', `${arm}${site}/slots/staging`],
    ['POST', `${arm}${site}/restart`],
    ['POST', `${arm}${site}/config/appsettings/list/more`],
    ['POST', `${arm}${site}/slots/staging/slotsswap?x=/config/appsettings/list`],
    ['POST', `${arm}${site}/slots/staging/slotsswap#/slotsdiffs`],
    ['POST', `${arm}${site}/config/appsettings/list/../../../restart`],
    ['POST', 'https://orders.scm.azurewebsites.net/api/zipdeploy'],
    ['POST', 'https://orders.azurewebsites.net/admin/host/synctriggers'],
    ['post', `${arm}${site}/slots/staging/slotsswap`],
  ])('refuses %s %s before it leaves', async (method, url) => {
    const { transport, sent } = watch();
    await expect(ask(readOnly(transport), method, url)).rejects.toMatchObject({
      kind: 'defect',
      code: 'write-on-dry-run',
    });
    expect(sent).toEqual([]);
  });

  it('refuses a read that asks to be taken for something else', async () => {
    const { transport, sent } = watch();
    await expect(
      ask(readOnly(transport), 'GET', `${arm}${site}`, { 'X-HTTP-Method-Override': 'DELETE' }),
    ).rejects.toMatchObject({ code: 'write-on-dry-run' });
    expect(sent).toEqual([]);
  });
});
