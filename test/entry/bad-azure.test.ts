import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { end, openSmallFleet, type SmallFleet } from './small-fleet.ts';
import { inTempFolder } from './temp-folder.ts';

interface Bad {
  readonly says: string;
  readonly change: (config: string) => string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly text: readonly (string | RegExp)[];
}

const cases: readonly Bad[] = [
  {
    says: 'a target that does not exist',
    change: (config) => config.replace('sites/orders-eus', 'sites/orders-usa'),
    code: 2,
    text: ['orders-usa'],
  },
  {
    says: 'a slot that does not exist',
    change: (config) => config.replace('{ name: eus,', '{ name: eus, slot: rehearsal,'),
    code: 2,
    text: ['[preflight-failed]', 'eus: slot-missing', 'rehearsal'],
  },
  {
    says: 'a token that is refused',
    change: (config) => config,
    environment: { AZURE_CLIENT_SECRET: 'wrong-and-secret' },
    code: 10,
    text: ['[credential-refused]', /AADSTS\d+/],
  },
  {
    says: 'nothing to sign in with',
    change: (config) => config,
    environment: { AZURE_CLIENT_ID: '', AZURE_TENANT_ID: '', AZURE_CLIENT_SECRET: '', PATH: '/nowhere' },
    code: 2,
    text: ['AZURE_'],
  },
  {
    says: 'authorities that do not vouch for this Azure',
    change: (config) => config,
    environment: { NO_CA: '1' },
    code: 2,
    text: ['certificate'],
  },
];

describe('what Azure refuses', () => {
  let fleet: SmallFleet;
  let folder = '';
  let release = () => {};
  let closed: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    await new Promise<void>((opened, failed) => {
      closed = inTempFolder(async (temp) => {
        folder = temp;
        // A swap lasts long enough to be found under way.
        fleet = await openSmallFleet(temp, [], { swapApply: '10m' });
        opened();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        await fleet.stop();
      });
      closed.catch(failed);
    });
  });
  afterAll(async () => {
    release();
    await closed;
  });

  it.each(cases)(
    '$says: exit $code, and nothing was written',
    async ({ change, environment = {}, code, text }) => {
      const config = await readFile(join(folder, 'slotwave.yml'), 'utf8');
      await writeFile(join(folder, 'bad.yml'), change(config));
      const ca = environment['NO_CA'] ? ['--ca', join(folder, 'other.pem')] : [];
      if (environment['NO_CA']) await writeFile(join(folder, 'other.pem'), otherAuthority);
      const ran = await fleet.run(
        ['deploy', '-c', 'bad.yml', '--state', `state-${code}`, ...ca],
        environment,
      );
      expect(ran).toMatchObject({ code, out: '' });
      for (const part of text) expect(ran.err).toMatch(part);
      expect(ran.err).not.toMatch(/wrong-and-secret|\n\s+at /);
      expect(await fleet.readChanges()).toEqual([]);
    },
    60_000,
  );

  it('a swap of somebody else in progress: exit 2, and it is left alone', async () => {
    const other = await fleet.startUntil(['deploy'], /promoting/);
    try {
      const ran = await fleet.run(['deploy', '--state', 'another']);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.err).toMatch(/weu: operation-in-progress/);
    } finally {
      await end(other, 'SIGKILL');
    }
  }, 60_000);
});

/** A certificate of nobody: valid as PEM, made for this test, its key thrown away. */
const otherAuthority = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUIZtS3R/epDScSq0AsonLIieb+sIwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMDE0MzQzNloYDzIxMjYxMDI3MTQz
NDM2WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATNP0Nmy8LTxI5fbhwXvkzIEp3Q1l7NFINWoXMmDsPZqGZtVctDqhfOotSkcrWi
Y1ijBK8rGODvhQ56lZ8BUqvMo1MwUTAdBgNVHQ4EFgQUipd3hgevqEJyJXQt+ZfV
sDVUKiIwHwYDVR0jBBgwFoAUipd3hgevqEJyJXQt+ZfVsDVUKiIwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAozR9Sy09c3bR0jQlxBeZaZUuvtsp
HzIgISZpRgOLYp8CIHeVbUSX1ssoDZX0xFVvEeV4aO57+uurd7V3gdFUzblG
-----END CERTIFICATE-----
`;
