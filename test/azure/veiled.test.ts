import { describe, expect, it } from '@jest/globals';
import { readErrorFacts } from '../../src/azure/error-facts.ts';
import { readDeployments } from '../../src/azure/scm-deployments.ts';
import type { HttpAnswer } from '../../src/azure/transport.ts';
import { veiled } from '../../src/azure/veiled.ts';

const site = 'https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x';

async function ask(method: string, url: string, said: Partial<HttpAnswer>) {
  const heard: string[] = [];
  const answer: HttpAnswer = {
    status: 200,
    reason: '',
    headers: {},
    setCookies: [],
    body: '',
    address: null,
    ...said,
  };
  const transport = veiled(async () => answer, {
    hide: (secret) => heard.push(`secret ${secret}`),
    hideValue: (value) => heard.push(`value ${value}`),
    redact: (text) => text.replaceAll('swordfish', '***'),
  });
  const told = await transport({ method, url, headers: {}, timeoutMs: 1 });
  return { heard, told };
}

describe('what Azure tells in confidence', () => {
  const settings = {
    id: `${site}/config/appsettings`,
    properties: { A: 'swordfish', SLOTWAVE_RELEASE_ID: 'r-1' },
  };
  it.each([
    ['settings', 'POST', `${site}/slots/staging/config/appsettings/list`, settings, ['value swordfish']],
    [
      'settings that were written',
      'PUT',
      `${site}/slots/staging/config/appsettings`,
      settings,
      ['value swordfish'],
    ],
    [
      'settings of an SCM site',
      'GET',
      'https://x.scm.azurewebsites.net/api/settings',
      { A: 'swordfish' },
      ['value swordfish'],
    ],
    [
      'host keys',
      'POST',
      `${site}/host/default/listkeys`,
      { masterKey: 'm', functionKeys: { default: 'f' } },
      ['secret m', 'secret f'],
    ],
    ['a site', 'GET', site, { name: 'swordfish' }, []],
  ])('%s: known from then on, and unchanged', async (_what, method, url, body, known) => {
    const { heard, told } = await ask(method, url, { body: JSON.stringify(body) });
    expect(heard).toEqual(known);
    expect(JSON.parse(told.body)).toEqual(body);
  });
});

describe('what Azure says where anybody may read it', () => {
  const message = 'the "swordfish"\\ is wrong';

  it('an error is without it, and still an error in its dialect', async () => {
    const { told } = await ask('PUT', site, {
      status: 400,
      body: JSON.stringify({ Code: 'X', Message: message }),
    });
    expect(readErrorFacts(told, 0)).toMatchObject({ code: 'X', message: 'the "***"\\ is wrong' });
  });

  it('a page and a plain text, too', async () => {
    const { told } = await ask('GET', site, {
      status: 502,
      reason: 'no swordfish',
      body: '<p>swordfish</p>',
    });
    expect([told.reason, told.body]).toEqual(['no ***', '<p>***</p>']);
  });

  it('the record of a deployment is without it, and still a record', async () => {
    const record = { id: 'd1', status: 3, complete: true, status_text: message };
    const { told } = await ask('GET', 'https://x.scm.azurewebsites.net/api/deployments/latest', {
      body: JSON.stringify([record]),
    });
    expect(readDeployments(told.body)).toMatchObject([
      { id: 'd1', status: 3, doing: 'the "***"\\ is wrong' },
    ]);
  });
});
