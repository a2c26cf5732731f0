/** One request on its way in, and how its body is taken. */
import type { Door } from './network/addresses.ts';
import type { Caller } from './network/caller.ts';
import { ConnectionLost } from './platform.ts';
import { keepAsked } from './record/channel.ts';
import type { Slot } from './world/state.ts';

export interface Incoming {
  readonly request: Request;
  readonly url: URL;
  readonly method: string;
  readonly door: Door;
  readonly caller: Caller;
  /** The slot that it is about; null when it is about none, or about one that does not exist. */
  readonly slot: Slot | null;
  /** A fault: the connection breaks when so many bytes of the body have arrived. */
  readonly resetAfterBytes: number | null;
}

/** The same request with its body in memory: it can be carried out when its connection is gone. */
export async function holdBody(incoming: Incoming, limitBytes: number): Promise<Incoming> {
  const { method, headers, body } = incoming.request;
  if (!body) return incoming;
  const bytes = await takeBytes(incoming, limitBytes);
  return {
    ...incoming,
    request: new Request(incoming.url, { method, headers, body: new Uint8Array(bytes) }),
  };
}

/** The body is larger than whoever reads it wants to take. */
export class BodyTooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`the body has more than ${limitBytes} bytes`);
    this.name = 'BodyTooLarge';
    this.limitBytes = limitBytes;
  }
}

/** The whole body. Throws BodyTooLarge, and ConnectionLost where a fault wants it. */
export async function takeBytes(incoming: Incoming, limitBytes: number): Promise<Uint8Array> {
  const { body } = incoming.request;
  const chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  const resetAt = incoming.resetAfterBytes;
  for await (const chunk of body ?? []) {
    receivedBytes += chunk.byteLength;
    if (resetAt !== null && receivedBytes >= resetAt)
      throw new ConnectionLost(`after ${resetAt} bytes of the body`);
    if (receivedBytes > limitBytes) throw new BodyTooLarge(limitBytes);
    chunks.push(chunk);
  }
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, receivedBytes);
  if (incoming.door.kind === 'arm') keepAsked(incoming.request, bytes);
  return bytes;
}

const jsonLimitBytes = 4 * 1024 * 1024;

/** The body as JSON; undefined when it is none. An empty body is null. */
export async function takeJson(incoming: Incoming): Promise<unknown> {
  const text = Buffer.from(await takeBytes(incoming, jsonLimitBytes)).toString('utf8');
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A field of an untrusted JSON value; undefined when there is none. */
export function fieldOf(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }
  return found;
}
