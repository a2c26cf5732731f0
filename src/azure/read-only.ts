/** Law 8: a dry run goes through a transport that cannot write. */
import { DefectError } from '../errors.ts';
import type { Transport } from './transport.ts';

/**
 * The POSTs that only read (azure-platform.md §1.1, §1.5): lists that carry secrets are POSTs in ARM, the
 * difference of two slots and a try of the network take their question as a body, and a token is had by POST, as is the proof for one that
 * Azure Pipelines gives. Whole paths, nothing looser.
 */
const readingPosts: readonly RegExp[] = [
  /^\/[^/]+\/oauth2\/(v2\.0\/)?token$/i,
  /\/_apis\/distributedtask\/hubs\/[^/]+\/plans\/[^/]+\/jobs\/[^/]+\/oidctoken$/i,
  /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/microsoft\.web\/sites\/[^/]+(\/slots\/[^/]+)?\/(config\/appsettings\/list|slotsdiffs|host\/default\/listkeys|dnsCheck|tcpPingCheck)$/i,
  /^\/providers\/microsoft\.resourcegraph\/resources$/i,
];

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether this request changes nothing on the other side. */
export function isRead(method: string, url: string): boolean {
  if (readingMethods.has(method.toUpperCase())) return true;
  return method.toUpperCase() === 'POST' && readingPosts.some((path) => path.test(new URL(url).pathname));
}

/** Refuses everything but reads before anything leaves: DefectError `write-on-dry-run`. */
export function readOnly(transport: Transport): Transport {
  return async (request) => {
    const overridden = Object.keys(request.headers).some((name) =>
      /^x-(http-)?method(-override)?$/i.test(name),
    );
    if (overridden || !isRead(request.method, request.url)) {
      const { host, pathname } = new URL(request.url);
      throw new DefectError(
        `A dry run was about to send ${request.method} ${pathname}, which could change something.`,
        {
          code: 'write-on-dry-run',
          where: host,
          next: 'Nothing was sent. This is a defect in slotwave: please report it.',
        },
      );
    }
    return transport(request);
  };
}
