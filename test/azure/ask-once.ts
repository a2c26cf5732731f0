/**
 * `node ask-once.ts URL CA_FILE WAIT_MS`: reads the slots of orders-weu twice as whoever this process's environment
 * signs in as. A process of its own, for credentials that start processes: those see the real environment only.
 */
import { readFileSync } from 'node:fs';
import { createAzure } from '../../src/azure/azure.ts';
import { createTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';

const [, , url = '', caFile = '', waitMs = ''] = process.argv;
const clock = systemClock();
const { send, close } = createTransport({ clock, ca: readFileSync(caFile, 'utf8') });
const seen = new Set<string>();
const azure = await createAzure({
  cloudName: url,
  transport: (request) => {
    if (new URL(request.url).pathname.startsWith('/subscriptions'))
      seen.add(request.headers['authorization'] ?? '');
    return send(request);
  },
  clock,
  environment: process.env,
  random: Math.random,
  hide: () => {},
});
const target = {
  name: 'weu',
  subscriptionId: '51075a1e-0000-4000-8000-000000000001',
  resourceGroup: 'slotwave',
  site: 'orders-weu',
  slot: 'staging',
  labels: {},
};
const first = await azure.slots.readSlots(target);
await clock.sleep(Number(waitMs));
const second = await azure.slots.readSlots(target);
close();
console.log(
  JSON.stringify({ identity: azure.identity, liveIds: [first.liveId, second.liveId], tokens: seen.size }),
);
