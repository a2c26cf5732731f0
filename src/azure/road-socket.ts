/** The steps that all roads share: a connection to an address, and waiting for a socket with an end to it. */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { isPrivateAddress } from '../probe/private-address.ts';
import { lookupHost } from './loopback.ts';
import type { RoadAsk, Trace } from './road.ts';

/** Straight to the host. The addresses of its name are tried in turn, IPv6 and IPv4 alike, as browsers do. */
export async function connectTo(ask: RoadAsk, lookup: LookupFunction = lookupHost): Promise<Socket> {
  const { trace } = ask;
  if (isIP(ask.host) !== 0) trace.note({ stage: 'connect', addresses: [ask.host] });
  const socket = await openSocket(ask, noteAddresses(trace, lookup));
  const address = socket.remoteAddress ?? null;
  trace.note({ address, isPrivate: address === null ? null : isPrivateAddress(address) });
  return socket;
}

export async function openSocket(
  { host, port, signal }: Pick<RoadAsk, 'host' | 'port' | 'signal'>,
  lookup: LookupFunction = lookupHost,
): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ host, port, lookup, noDelay: true, autoSelectFamilyAttemptTimeout: 1_000 });
  await whenReady(socket, 'connect', signal);
  return socket;
}

/** Until the event, an error, or the end of patience; in the last two cases the socket is gone. */
export function whenReady(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null) => {
      socket.off(event, onReady).off('error', settle).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === null) return resolve();
      // Whatever it still has to say, nobody waits for it any more.
      socket.on('error', ignore).destroy();
      reject(error);
    };
    const onReady = () => settle(null);
    const onAbort = () => settle(asError(signal.reason));
    const onClose = () => settle(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    socket.once(event, onReady).once('error', settle).once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Whoever calls off need not say why; to who waits, no reason would look like no failure. */
export function asError(reason: unknown): Error {
  return (reason as Error | null | undefined) ?? Object.assign(new Error('called off'), { code: 'ABORTED' });
}

const ignore = () => {};

function noteAddresses(trace: Trace, lookup: LookupFunction): LookupFunction {
  return (host, options, done) =>
    lookup(host, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      if (error === null) trace.note({ stage: 'connect', addresses });
      done(error, found, family);
    });
}
