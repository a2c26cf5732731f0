/** Where trouble strikes, and what must be true afterwards: words that rows share. */
import { expect } from '@jest/globals';
import type { Travelled, Trouble } from './road.ts';
import type { Twist } from './wire.ts';

type Becomes = Twist['becomes'];

/** The SCM site on which deployments meet their trouble. */
export const scm = 'weu-staging.scm.';
export const upload = (becomes: Becomes): Trouble => ({
  twists: [{ on: 'POST /api/*', host: scm, becomes }],
});
/** Lists and records of deployments. */
export const records = (becomes: Becomes): Trouble => ({
  twists: [{ on: 'GET /api/deployments*', host: scm, becomes }],
});
export const linux = (trouble: Trouble): Trouble => ({ ...trouble, site: { os: 'linux' } });

/** What the POST of neu's swap is answered, and what its operation says when it is asked. */
export const swapPost = (becomes: Becomes): Trouble => ({
  twists: [{ on: 'POST */sites/neu/slots/staging/slotsswap', becomes }],
});
export const swapPoll = (becomes: Becomes): Trouble => ({
  twists: [{ on: 'GET */sites/neu/*operationresults/*', becomes }],
});

export const settles = { outcome: 'settled', concludes: [], reads: /Settled/ } as const;

/** Nothing of neu's ever moved, and weu is back where it was. */
export function tookBack({ live, swaps }: Travelled): void {
  expect(live['weu']).toBe(live['neu']);
  expect(live['weu']).toMatch(/^r-old/);
  expect(swaps).toEqual({ weu: 2, neu: 0 });
}

export function movedOnce({ live, swaps }: Travelled): void {
  expect(live['neu']).toMatch(/^r-new/);
  expect(swaps).toEqual({ weu: 1, neu: 1 });
}

/** Law of every row: whoever else is talked to, the token stays with ARM, login, SCM sites and apps of this world. */
export function strangersOf({ sent }: Travelled): readonly string[] {
  const own = /^https:\/\/(localhost|[a-z0-9-]+(\.scm)?\.azurewebsites\.localhost)$/;
  return [...new Set(sent.map(({ origin }) => origin).filter((origin) => !own.test(origin)))];
}
