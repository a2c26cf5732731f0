/**
 * A road: how a connection to a host comes about. The transport's agents open connections by it and put TLS on
 * top, so that whatever goes to one target takes the same way, probes and upload alike.
 */
import type { Socket } from 'node:net';
import type { RoadFacts, Via } from '../probe/road.ts';

export interface Road {
  readonly via: Via;
  /**
   * Resolves with a connection on which the first byte for `host` can be sent; none has been sent yet (law 1).
   * Rejects when `signal` aborts, and leaves no socket open then.
   */
  open(ask: RoadAsk): Promise<Socket>;
}

export interface RoadAsk {
  /** A name or an address, without a port and without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS comes on top. */
  readonly encrypted: boolean;
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

/** What was seen on the way, also when it led nowhere. */
export interface Trace {
  readonly facts: RoadFacts;
  note(seen: Partial<RoadFacts>): void;
}

export function startTrace(via: Via, host: string, port: number): Trace {
  let facts: RoadFacts = {
    via,
    host,
    port,
    stage: 'name',
    cnames: [],
    addresses: [],
    address: null,
    isPrivate: null,
    proxy: null,
    proxyRefusal: null,
    certificate: null,
  };
  return {
    get facts() {
      return facts;
    },
    note: (seen) => {
      facts = { ...facts, ...seen };
    },
  };
}

/** A step that failed for a reason of the road's own. `code` and message are what a TransportError tells. */
export class RoadError extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RoadError';
    this.code = code;
  }
}

/** Node's errors have one; nothing else that is thrown on a road has to. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
