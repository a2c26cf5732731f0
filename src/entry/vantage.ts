import { type Transport, TransportError } from '../azure/transport.ts';
import { NoAnswer, type Vantage } from '../probe/vantage.ts';

/** Looks from where this program runs, through whatever name resolution and routes there are. */
export function createDirectVantage(transport: Transport): Vantage {
  return {
    name: 'direct',
    async ask({ url, method, headers, body: sent, timeoutMs, signal }) {
      try {
        // A connection of its own: the question is whether the app can be reached now.
        const {
          status,
          headers: answered,
          body,
          address,
        } = await transport({
          method,
          url: url.href,
          headers,
          body: sent,
          timeoutMs,
          signal,
          freshConnection: true,
          maxAnswerBytes,
        });
        return { status, headers: answered, body, address };
      } catch (error) {
        if (error instanceof TransportError) throw new NoAnswer(error.code, error.message);
        throw error;
      }
    },
  };
}

/** A health check says little; what is longer is not one. */
const maxAnswerBytes = 1024 * 1024;
