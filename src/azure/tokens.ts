/** The token that ARM and the SCM sites are asked with: kept while it is good, never shown. */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';

export interface Token {
  readonly value: string;
  /** By the clock of who issued it. */
  readonly expiresAtMs: number;
}

/** Asks the login endpoint; rejects with a SlotwaveError that says why there is none. */
export interface Credential {
  /** In a sentence's end: `the client secret in AZURE_CLIENT_SECRET`. */
  readonly described: string;
  /** A token that was not handed out before, past every cache. */
  issue(): Promise<Token>;
}

export interface Tokens {
  current(): Promise<string>;
  /** This one was refused: the next `current` brings another. */
  drop(refused: string): void;
}

/** Renewed this long before its end, so that none expires on the way; of a short life, a quarter. */
const reserveMs = 5 * 60_000;
const reserveShare = 0.25;
/** While the old one is still good, the login endpoint is not asked at every request. */
const nextTryMs = 30_000;

interface Kept extends Token {
  readonly renewAtMs: number;
}

export function createTokens(
  credential: Credential,
  clock: Pick<Clock, 'now'>,
  hide: (secret: string) => void,
): Tokens {
  let kept: Kept | null = null;
  let asking: Promise<Kept> | null = null;
  const renew = async () => {
    const token = await credential.issue();
    hide(token.value);
    const expiresAtMs = readExpiryMs(token.value) ?? token.expiresAtMs;
    const lifeMs = Math.max(0, expiresAtMs - clock.now());
    kept = {
      value: token.value,
      expiresAtMs,
      renewAtMs: expiresAtMs - Math.min(reserveMs, lifeMs * reserveShare),
    };
    return kept;
  };
  return {
    current: async () => {
      if (kept && clock.now() < kept.renewAtMs) return kept.value;
      // A whole fleet asks at once when a token ends; one request answers all of it.
      asking ??= renew().finally(() => {
        asking = null;
      });
      try {
        return (await asking).value;
      } catch (error) {
        // The login endpoint is away for a moment: what is still good for some minutes bridges it.
        if (!(error instanceof TransientError) || !kept || clock.now() >= kept.expiresAtMs) throw error;
        kept = { ...kept, renewAtMs: Math.min(kept.expiresAtMs, clock.now() + nextTryMs) };
        return kept.value;
      }
    },
    drop: (refused) => {
      if (kept?.value === refused) kept = null;
    },
  };
}

/**
 * The `exp` of a token that is a JWT, in milliseconds. A library counts its expiry from the wall, which is not
 * the issuer's time when a rehearsal runs compressed.
 */
function readExpiryMs(token: string): number | null {
  const payload = token.split('.')[1];
  if (!payload) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null;
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null;
  }
}
