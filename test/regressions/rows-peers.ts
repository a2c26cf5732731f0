/** The list of regressions at the end of peers.md: running again, uploads, leftovers. Its other lines stand in rows-verdict.ts, rows-doubt.ts and rows-packing.ts. */
import { expect } from '@jest/globals';
import { TransportError } from '../../src/azure/transport.ts';
import { issueToken } from '../storm/engine.ts';
import type { Stage } from './road.ts';
import type { Row } from './row.ts';
import { movedOnce, scm, settles } from './spots.ts';
import { breaks, changesJson, doesAndSays, says, times } from './twists.ts';
import { createWire, type Passing } from './wire.ts';

const reruns: readonly Row[] = [
  {
    section: 'peers',
    azure: 'the process dies when the first wave is live, and is resumed',
    engine: 'leaves what was swapped alone',
    trouble: { stopAfter: ({ type }) => type === 'wave.baked' },
    ...settles,
    reads: /Interrupted by SIGTERM[\s\S]*goes on from where its journal ends[\s\S]*Settled/,
    holds: movedOnce,
  },
  {
    section: 'peers',
    azure: 'the pipeline is run again after half of a rollout: weu already runs this content',
    engine: 'leaves weu alone, and moves neu',
    trouble: {
      sites: {
        weu: ({ release }) => ({
          package: release.path,
          release: release.id.replace('r-new', 'r-earlier'),
          settings: { SECRET: 'secret-of-weu', ORDERS_VERSION: '2' },
        }),
      },
    },
    ...settles,
    uploads: 0,
    reads: /1 of 1 targets run/,
    holds: ({ swaps, live }) => {
      expect(swaps).toEqual({ weu: 0, neu: 1 });
      expect(live['weu']).toMatch(/^r-earlier/);
    },
  },
];

const uploads: readonly Row[] = [
  {
    section: 'peers',
    azure: 'ECONNRESET in the middle of the upload',
    engine: 'sends again from byte 0, all of it',
    trouble: { twists: [{ on: 'POST /api/zipdeploy', host: scm, becomes: times(1, breakInTheMiddle) }] },
    ...settles,
    uploads: 2,
    holds: ({ arrived, releaseDigest }) => expect(arrived['weu']).toEqual([releaseDigest]),
  },
  {
    section: 'peers',
    azure: '202 without Location to an upload',
    engine: 'finds the record in the list',
    trouble: {
      twists: [{ on: 'POST /api/zipdeploy', host: scm, becomes: doesAndSays({ status: 202 }) }],
    },
    ...settles,
  },
  ...(
    [
      [
        'ENOTFOUND',
        /does not know its name \(ENOTFOUND\).*private DNS zone \(privatelink\.azurewebsites\.net\)/,
      ],
      ['EAI_AGAIN', /DNS here did not answer \(EAI_AGAIN\)/],
    ] as const
  ).map(
    ([code, reads]): Row => ({
      section: 'peers',
      azure: `${code} for the SCM host`,
      engine: 'names DNS as the cause, before a byte is sent',
      trouble: { twists: [{ on: '* /api/*', host: scm, becomes: breaks(code, false) }] },
      concludes: ['refusal scm-not-reachable'],
      outcome: 'refused',
      uploads: 0,
      reads,
    }),
  ),
  {
    section: 'peers',
    azure: 'the deployment fails after the settings were written',
    engine: 'the staging slot gets its settings back',
    trouble: {
      sites: {
        weu: () => ({
          slots: [{ name: 'staging', settings: { SECRET: 'secret-of-staging', ORDERS_VERSION: '1' } }],
        }),
      },
      twists: [
        {
          on: 'GET /api/deployments*',
          host: scm,
          becomes: changesJson((record) => (record['complete'] === true ? { ...record, status: 3 } : record)),
        },
      ],
    },
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /ended as "failed"/,
    holds: ({ besideSettings }) => expect(besideSettings['weu']).toMatchObject({ ORDERS_VERSION: '1' }),
  },
  {
    section: 'peers',
    azure: 'the deployment log says ##vso[task.setvariable …], ::add-mask:: and escape sequences',
    engine: 'prints them harmlessly',
    trouble: {
      twists: [
        {
          on: 'GET /api/deployments/*/log',
          host: scm,
          becomes: says({
            body: JSON.stringify([
              {
                type: 2,
                message: 'bad\r\n##vso[task.setvariable variable=x]y\n::add-mask::z\u001b[2J\u202e',
              },
            ]),
          }),
        },
        {
          on: 'GET /api/deployments*',
          host: scm,
          becomes: changesJson((record) => (record['complete'] === true ? { ...record, status: 3 } : record)),
        },
      ],
    },
    concludes: ['refusal deployment-failed'],
    outcome: 'refused',
    reads: /bad # #vso\[task\.setvariable variable=x\]y : :add-mask: :z/,
    holds: ({ told }) => expect(told).not.toMatch(/##|::|\u001b|\u202e|\r/),
  },
];

const leftovers: readonly Row[] = [
  {
    section: 'peers · §3.4',
    azure: 'neu’s staging slot was left prepared by a swap with preview',
    engine: 'finds it before anything starts, and says how to cancel it',
    trouble: { before: prepareNeu },
    concludes: [],
    outcome: 'not begun',
    uploads: 0,
    swaps: 0,
    reads: /slot-prepared[\s\S]*--action reset/,
    holds: ({ sent }) => expect(sent.filter(({ method }) => method === 'PUT')).toEqual([]),
  },
];

export const peerRows: readonly Row[] = [...reruns, ...uploads, ...leftovers];

/** Half of the bytes leave; then the connection is gone. */
async function breakInTheMiddle({ request }: Passing): Promise<never> {
  if (typeof request.body !== 'object' || !('open' in request.body)) throw new Error('no body was streamed');
  for await (const chunk of request.body.open()) {
    request.onSent?.(Math.floor((chunk as Buffer).length / 2));
    break;
  }
  throw new TransportError('the connection was reset', { code: 'ECONNRESET', sent: true, host: scm });
}

async function prepareNeu(stage: Stage): Promise<void> {
  const { transport } = createWire(stage, []);
  const { value } = await issueToken(transport, stage.emulator.identity);
  await transport({
    method: 'POST',
    url: 'https://localhost/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/slotwave/providers/Microsoft.Web/sites/neu/slots/staging/applySlotConfig?api-version=2025-05-01',
    headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
    body: JSON.stringify({ targetSlot: 'production', preserveVnet: true }),
    timeoutMs: 60_000,
  });
}
