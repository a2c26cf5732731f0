/** Our transport in the shape that GitHub's library takes: one way out, and the same proxies as for Azure. */
import type { Transport } from '../azure/transport.ts';

/** As much of `fetch` as Octokit asks for. */
export type Fetch = (url: string, options?: FetchOptions) => Promise<Response>;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function createFetch(transport: Transport, timeoutMs: number): Fetch {
  return async (url, { method = 'GET', headers = {}, body, signal } = {}) => {
    const plain = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'accept-encoding'),
    );
    const answer = await transport({ method, url, headers: plain, body, timeoutMs, signal });
    // A status that forbids a body refuses to be made with an empty one, too.
    const isBare = answer.status === 204 || answer.status === 304;
    return new Response(isBare ? null : answer.body, {
      status: answer.status,
      headers: { ...answer.headers },
    });
  };
}
