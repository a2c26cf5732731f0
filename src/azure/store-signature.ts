/** An address that opens one blob for a while, signed with a key that Entra let the account hand out to us. */
import { createHmac } from 'node:crypto';

/** In the words of the service. */
export interface DelegationKey {
  readonly oid: string;
  readonly tid: string;
  readonly startsMs: number;
  readonly expiresMs: number;
  readonly service: string;
  readonly version: string;
  /** Base64, and a secret. */
  readonly value: string;
}

export interface Lent {
  readonly account: string;
  readonly container: string;
  readonly blob: string;
  readonly startsMs: number;
  readonly expiresMs: number;
}

/** How requests are meant, and what is signed: an old form, because clouds of their own learn the newest years later. */
export const storageVersion = '2023-11-03';

export interface Signed {
  /** What goes behind the question mark. */
  readonly query: string;
  /** Of that, what opens the blob. */
  readonly signature: string;
}

/** Lets whoever has it read the blob over https, and nothing else. */
export function signForReading(lent: Lent, key: DelegationKey): Signed {
  const granted = { sp: 'r', st: secondsOf(lent.startsMs), se: secondsOf(lent.expiresMs) };
  const signer = {
    ...{ skoid: key.oid, sktid: key.tid, skt: secondsOf(key.startsMs), ske: secondsOf(key.expiresMs) },
    ...{ sks: key.service, skv: key.version },
  };
  const form = { spr: 'https', sv: storageVersion, sr: 'b' };
  // The order of the versions from 2020-12-06 up to 2025-07-05: what we leave out is an empty line.
  const lines = [
    ...Object.values(granted),
    `/blob/${lent.account}/${lent.container}/${lent.blob}`,
    ...Object.values(signer),
    ...['', '', ''], // Authorised agent, its own agent, correlation.
    '', // Addresses.
    ...Object.values(form),
    ...['', ''], // Snapshot, encryption scope.
    ...['', '', '', '', ''], // Headers of the answer: cache, disposition, encoding, language, type.
  ];
  const signature = createHmac('sha256', Buffer.from(key.value, 'base64'))
    .update(lines.join('\n'))
    .digest('base64');
  const fields = Object.entries({ ...form, ...granted, ...signer, sig: signature });
  return {
    signature,
    query: fields.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
  };
}

/** `2026-11-20T18:00:00Z`: the service signs whole seconds. */
export function secondsOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
