import type { Road } from '../azure/road.ts';
import { type Transport, TransportError } from '../azure/transport.ts';
import { NoAnswer, type Vantage } from '../probe/vantage.ts';
import type { Side } from '../probe/verdict.ts';

/** Looks from where this program runs, through whatever name resolution, routes and proxies there are. */
export function createDirectVantage(transport: Transport): Vantage {
  return createRoadVantage('direct', transport, () => undefined);
}

/** Looks along a road, which may be another one for each slot. */
export function createRoadVantage(
  name: string,
  transport: Transport,
  roadOf: (side: Side) => Road | undefined,
): Vantage {
  return {
    name,
    async ask({ side, url, method, headers, body, timeoutMs, signal }) {
      try {
        const answer = await transport({
          method,
          url: url.href,
          headers,
          body,
          timeoutMs,
          signal,
          // A connection of its own: the question is whether the app can be reached now.
          freshConnection: true,
          maxAnswerBytes,
          road: roadOf(side),
        });
        const { status, address, road } = answer;
        return { status, headers: answer.headers, body: answer.body, address, road };
      } catch (error) {
        if (error instanceof TransportError) throw new NoAnswer(error.code, error.message, error.road);
        throw error;
      }
    },
  };
}

/** A health check says little; what is longer is not one. */
const maxAnswerBytes = 1024 * 1024;
