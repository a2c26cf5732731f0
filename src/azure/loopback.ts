/** Names that mean this machine, resolved as RFC 6761 §6.3 asks; Node's resolver does not do it everywhere. */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

const loopback: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export function isLoopbackName(hostName: string): boolean {
  const name = hostName.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost');
}

export const lookupHost: LookupFunction = (hostName, options, done) => {
  if (!isLoopbackName(hostName)) {
    systemLookup(hostName, options, done);
    return;
  }
  const wanted = loopback.filter(
    (each) => !options.family || options.family === each.family || options.family === `IPv${each.family}`,
  );
  // The caller's own stack must be done before its callback runs, as it is with the system's resolver.
  queueMicrotask(() => {
    const first = wanted[0];
    if (!first)
      done(Object.assign(new Error(`no loopback address for ${hostName}`), { code: 'ENOTFOUND' }), '', 0);
    else if (options.all) done(null, [...wanted]);
    else done(null, first.address, first.family);
  });
};
