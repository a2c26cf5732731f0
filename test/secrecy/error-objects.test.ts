/** Error objects, in process: whoever holds one (a crash report, a user of the code) finds nothing secret in any part. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createArm } from '../../src/azure/arm.ts';
import { createHostKey } from '../../src/azure/host-keys.ts';
import { createSlotClient } from '../../src/azure/slots.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import { TransportError } from '../../src/azure/transport.ts';
import { veiled } from '../../src/azure/veiled.ts';
import { VirtualClock } from '../../src/clock.ts';
import { hideSecret, hideValue, redactSaid } from '../../src/entry/secrets.ts';
import { SlotwaveError } from '../../src/errors.ts';
import type { Release } from '../../src/release/release.ts';
import { cloud, type Sent, type Step, script, target } from '../azure/scripted.ts';
import { inTempFolder } from '../entry/temp-folder.ts';
import { blurt, type Captured, findSecrets, planted } from './planted.ts';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.zq8Kx-signature-of-a-token-3Wd';
const captured: Captured = {
  tokens: new Set([token]),
  keys: new Set(['k3y-of-a-host-9f2b', 'k3y-of-a-function-77c']),
};
const [master, ordinary] = [...captured.keys];

/** What Azure answers when all is well, as far as it is asked here. */
function answer({ path }: Sent): Step {
  const json = (value: unknown) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  if (path.includes('/listkeys'))
    return json({ masterKey: master, functionKeys: { default: ordinary }, systemKeys: {} });
  if (path.includes('/appsettings')) {
    return json({
      properties: {
        A: planted['value of a sticky setting of production'],
        B: planted['value of a setting of staging'],
      },
    });
  }
  if (path.startsWith('/api/settings')) return json({ A: planted['value of a setting of staging'] });
  if (path.startsWith('/api/')) return json([]);
  const hosts = [{ name: 'orders-staging.scm.azurewebsites.net', hostType: 'Repository' }];
  return json({
    properties: { state: 'Running', defaultHostName: 'orders.azurewebsites.net', hostNameSslStates: hosts },
  });
}

/** Reads all that it can first, so that everything is known; then the one thing goes wrong, with all of it told. */
async function failAt(spot: string, fails: (text: string) => Step): Promise<unknown> {
  return inTempFolder(async (folder) => {
    const path = join(folder, 'release.zip');
    await writeFile(path, 'the packed bytes');
    const release: Release = {
      id: 'r1.0123456789ab',
      contentDigest: 'c',
      digest: 'd1',
      path,
      bytes: 16,
      files: 1,
    };
    const clock = new VirtualClock();
    let turn = 0;
    let isCalm = true;
    const { transport: wire } = script(
      [
        (sent) => {
          const said =
            !isCalm && `${sent.method} ${sent.path}`.includes(spot)
              ? fails(blurt(captured, ++turn))
              : answer(sent);
          return typeof said === 'function' ? said(sent) : said;
        },
      ],
      clock,
    );
    const transport = veiled(wire, { hide: hideSecret, hideValue, redact: redactSaid });
    const tokens = createTokens(
      { described: 'a test', issue: async () => ({ value: token, expiresAtMs: 1e15 }) },
      clock,
      hideSecret,
    );
    const arm = createArm({ cloud, tokens, transport, clock, random: () => 0.5 });
    const slots = createSlotClient({ arm, tokens, transport, clock, random: () => 0.5, hide: hideSecret });
    const hostKey = createHostKey(arm, hideSecret);
    await clock.run(Promise.all([slots.readSlots(target), hostKey(target, 'live', false)]));
    hideValue(planted['value of a setting in the config']);
    hideValue(planted['header of a check']);
    hideValue(planted['query of a check']);
    hideSecret(planted['client secret']);
    isCalm = false;
    const steps = [
      () => slots.readSlots(target),
      () => hostKey(target, 'beside', false),
      () => slots.writeSettings(target, { A: planted['value of a setting in the config'] }),
      () => slots.deployPackage(target, release, () => {}),
      () => slots.swap(target),
    ];
    for (const step of steps) {
      const error = await clock.run(
        step().then(
          () => null,
          (thrown: unknown) => thrown,
        ),
      );
      if (error !== null) return error;
    }
    return null;
  });
}

const spots: readonly (readonly [string, string])[] = [
  ['a site', 'GET /subscriptions'],
  ['a list of settings', '/appsettings/list'],
  ['host keys', '/listkeys'],
  ['writing settings', 'PUT /subscriptions'],
  ['an SCM site', 'GET /api/deployments'],
  ['an upload', 'POST /api/'],
  ['a swap', '/slotsswap'],
];
const ways: readonly (readonly [string, (text: string) => Step])[] = [
  ['400 of App Service', (text) => ({ status: 400, body: JSON.stringify({ Code: 'X', Message: text }) })],
  [
    '403 of ARM',
    (text) => ({
      status: 403,
      body: JSON.stringify({ error: { code: 'AuthorizationFailed', message: text } }),
    }),
  ],
  ['500 in plain text', (text) => ({ status: 500, body: text })],
  ['a page of HTML', (text) => ({ status: 404, reason: 'no', body: `<html><title>${text}</title></html>` })],
  ['a lost connection', () => new TransportError('lost', { code: 'ECONNRESET', sent: true, host: 'h' })],
];

describe('the error of', () => {
  it.each(spots.flatMap(([what, spot]) => ways.map(([way, fails]) => ({ what, way, spot, fails }))))(
    '$what that answers with $way holds nothing secret',
    async ({ spot, fails }) => {
      const error = await failAt(spot, fails);
      expect(error).toBeInstanceOf(SlotwaveError);
      const everything = `${inspect(error, { depth: 30, showHidden: true, maxStringLength: null })} ${JSON.stringify(error)}`;
      expect(findSecrets(everything, captured)).toEqual([]);
    },
  );
});
