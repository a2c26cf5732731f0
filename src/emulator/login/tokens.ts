/** Access tokens: JWT in form, known by heart in substance, expiring by the emulator's clock. */
import { createHmac } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Identity } from '../platform.ts';
import type { Random } from '../random.ts';

export interface TokenFacts {
  readonly audience: string;
  readonly tenantId: string;
  readonly expiresMs: number;
}

export interface Tokens {
  /** A new token for this audience; of whoever is at home where nobody is named. */
  issue(audience: string, principal?: Identity): string;
  /** What is known of a token; null when it was never issued here. Expired ones are known for a while. */
  find(token: string): TokenFacts | null;
  /** Every token that was issued until now has expired. */
  expireAll(): void;
  /** Seconds until a token expires, as the client's own wall clock counts them. */
  readonly lifetimeSeconds: number;
}

export interface TokenOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly home: Identity;
  readonly lifetimeMs: number;
  /** Clients count a token's life on the wall, whatever the emulator's clock does. */
  readonly timeScale: number;
}

const knownLimit = 10_000;

export function createTokens({ clock, random, home, lifetimeMs, timeScale }: TokenOptions): Tokens {
  const secret = random.hex(32);
  const issued = new Map<string, TokenFacts>();
  return {
    lifetimeSeconds: Math.floor(lifetimeMs / 1000),
    issue: (audience, { tenantId, clientId, objectId } = home) => {
      const nowMs = clock.now();
      const expiresMs = nowMs + lifetimeMs * timeScale;
      const [issuedAt, expiresAt] = [Math.floor(nowMs / 1000), Math.floor(expiresMs / 1000)];
      const claims = {
        aud: audience,
        // As Entra signs access tokens of version 1.0, in every public tenant; azurite looks at it.
        iss: `https://sts.windows.net/${tenantId}/`,
        iat: issuedAt,
        nbf: issuedAt,
        exp: expiresAt,
        appid: clientId,
        idtyp: 'app',
        oid: objectId,
        sub: objectId,
        tid: tenantId,
        jti: random.guid(),
        ver: '1.0',
      };
      const unsigned = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
      const token = `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
      issued.set(token, { audience, tenantId, expiresMs });
      if (issued.size > knownLimit) issued.delete(issued.keys().next().value!);
      return token;
    },
    find: (token) => issued.get(token) ?? null,
    expireAll: () => {
      for (const [token, facts] of issued)
        issued.set(token, { ...facts, expiresMs: Math.min(facts.expiresMs, clock.now()) });
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
