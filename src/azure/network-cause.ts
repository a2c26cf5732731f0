/** Whether a failure says that this machine has no way to a slot's SCM site, and what people can do about it. */
import { RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { TransportError } from './transport.ts';

/** The cause in words that end a sentence; null when the network is not what failed. */
export function networkCauseOf(error: SlotwaveError): string | null {
  if (error.code === 'network-forbidden') return 'its network refuses callers from here (403 Ip Forbidden)';
  const { cause } = error;
  if (!(cause instanceof TransportError) || cause.sent) return null;
  const { proxy = null, proxyRefusal = null } = cause.road ?? {};
  const words = causes[cause.code];
  if (words === undefined || proxy === null) return words ?? null;
  return `${words}: ${proxy}${proxyRefusal === null ? '' : ` says ${proxyRefusal}`}`;
}

const causes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS here does not know its name (ENOTFOUND)',
  EAI_AGAIN: 'DNS here did not answer (EAI_AGAIN)',
  ECONNREFUSED: 'the connection is refused (ECONNREFUSED)',
  ETIMEDOUT: 'no connection comes about (ETIMEDOUT)',
  EHOSTUNREACH: 'there is no route to it (EHOSTUNREACH)',
  ENETUNREACH: 'there is no route to its network (ENETUNREACH)',
  PROXY_REFUSED: 'the proxy in between lets nobody through to it (PROXY_REFUSED)',
  PROXY_AUTH_REQUIRED: 'the proxy in between wants a user and a password (PROXY_AUTH_REQUIRED)',
  PROXY_UNREACHABLE: 'the proxy in between cannot be reached (PROXY_UNREACHABLE)',
};

/**
 * Names the cause and both ways out. For good: a road that is closed now is closed in a minute, and it is better
 * known while nothing has moved.
 */
export function scmClosed(target: Target, hostName: string, error: SlotwaveError): SlotwaveError {
  const cause = networkCauseOf(error);
  if (cause === null) return error;
  const dns =
    error.cause instanceof TransportError && error.cause.code === 'ENOTFOUND'
      ? ' Is the private DNS zone (privatelink.azurewebsites.net) linked to the network this machine is in?'
      : '';
  return new RefusalError(
    `The SCM site of ${target.site}/${target.slot} (${hostName}) cannot be reached from here: ${cause}.`,
    {
      code: error.code === 'network-forbidden' ? 'network-forbidden' : 'scm-not-reachable',
      where: target.name,
      next: `Run slotwave where ${hostName} can be reached (a self-hosted runner in the VNet), name a road to it (probes.vantage: private-endpoint, dns or proxy), or let the slots fetch the package through ARM: delivery: { mode: pull, store: https://<account>.blob.core.windows.net/<container> }.${dns}`,
      cause: error,
    },
  );
}

/** So many looks at a closed road are enough: peers let people wait 52 s for this news. */
export const closedLimit = 3;

/** Turns the `closedLimit`th look that found no way into an end, so that nobody waits out all the patience of a read. */
export function countClosed(): (error: SlotwaveError) => SlotwaveError {
  let closed = 0;
  return (error) => {
    if (networkCauseOf(error) === null) return error;
    closed++;
    const unknownName = error.cause instanceof TransportError && error.cause.code === 'ENOTFOUND';
    if (!(error instanceof TransientError) || closed < (unknownName ? 2 : closedLimit)) return error;
    return new RefusalError(error.message, {
      code: 'not-reachable',
      ...(error.where === undefined ? {} : { where: error.where }),
      ...(error.next === undefined ? {} : { next: error.next }),
      cause: error.cause,
    });
  };
}
