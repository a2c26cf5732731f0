/**
 * An Azure with a fleet, in a process of its own: what it costs is not counted with the one that is measured. It
 * says where it is in one line of JSON, and goes when its standard input ends.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveAzure } from '../../test/fleet/served-azure.ts';
import { createPlayedRuntime } from '../../test/storm/played-runtime.ts';
import { packBaggage } from '../../test/storm/stage.ts';
import { listSites, writeFleetConfig } from './large-fleet.ts';

const [targets, timeScale] = process.argv.slice(2).map(Number) as [number, number];
const baggage = await packBaggage();
const folder = await mkdtemp(join(tmpdir(), 'slotwave-fleet-'));
const azure = await serveAzure({
  folder,
  timeScale,
  runtime: createPlayedRuntime(8_000),
  world: {
    sites: listSites(targets).map(({ name, region, subscription }) => ({
      ...{ name, region, subscription, resourceGroup: 'orders' },
      ...{ package: baggage.incumbent, release: baggage.incumbentId },
    })),
  },
});
await writeFile(join(folder, 'slotwave.yml'), writeFleetConfig(targets, join(baggage.folder, 'after')));
const { flags, environment } = azure;
process.stdout.write(`${JSON.stringify({ folder, flags, environment })}\n`);

process.stdin.resume();
process.stdin.once('end', () => {
  void azure
    .close()
    .then(() => Promise.all([baggage.close(), rm(folder, { recursive: true, force: true })]))
    .then(() => process.exit(azure.defects.length === 0 ? 0 : 1));
});
