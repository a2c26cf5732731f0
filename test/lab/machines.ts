/** Machines that are not Azure's: a storage account in the internet, and in the hub some that answer in an app's place. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { root } from '../entry/built.ts';
import type { Networks } from './namespaces.ts';
import { domain, startWithin } from './services.ts';
import { at } from './topology.ts';

/** The storage SDK takes the account's name from a host name like this, and from no other. */
export const storeHost = 'devstoreaccount1.blob.core.windows.net';
export const store = `https://${storeHost}/packages`;

const yearMs = 365 * 86_400_000;

export interface Machines {
  /** PEM of the authorities that everybody here trusts. */
  readonly trusted: string;
  start(networks: Networks): Promise<void>;
}

export async function makeMachines(folder: string): Promise<Machines> {
  const make = async (
    name: string,
    names: { readonly domain: string; readonly management: string },
    nowMs = Date.now(),
  ) => {
    const { ca, certificate, key } = await makeCertificates(nowMs, names);
    writeFileSync(join(folder, `${name}-cert.pem`), certificate);
    writeFileSync(join(folder, `${name}-key.pem`), key);
    return ca;
  };
  const known = [
    await make('store', { domain: storeHost, management: storeHost }),
    await make('intranet', { domain: 'contoso.test', management: 'intranet.contoso.test' }),
    await make('mute', { domain, management: 'mute.test' }),
    await make('expired', { domain, management: 'expired.test' }, Date.now() - 2 * yearMs),
  ];
  await make('stranger', { domain, management: 'stranger.test' });
  return {
    trusted: known.join('\n'),
    start: async (networks) => {
      await Promise.all([startStrangers(networks, folder), startStore(networks, folder)]);
    },
  };
}

async function startStrangers(networks: Networks, folder: string): Promise<void> {
  const named = (['intranet', 'stranger', 'expired', 'mute'] as const).map(
    (name) => `${at[name]}=${join(folder, name)}`,
  );
  const words = [process.execPath, join(root, 'test/lab/strangers.ts'), ...named, at.dumb];
  await startWithin(networks, words, { network: 'hub', ready: /are there/ });
}

/** For packages that slots fetch themselves. */
async function startStore(networks: Networks, folder: string): Promise<void> {
  const main = join(root, 'node_modules/azurite/dist/src/blob/main.js');
  const words = [
    ...[process.execPath, main, '--blobHost', at.store, '--blobPort', '443', '--oauth', 'basic'],
    ...['--cert', join(folder, 'store-cert.pem'), '--key', join(folder, 'store-key.pem')],
    ...['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry'],
  ];
  await startWithin(networks, words, { network: 'azure', ready: /successfully listens/i, cwd: folder });
}
