/** Between Node's HTTP and the Request and Response of the web. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

/** About one connection, and not for whoever is behind it. */
const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);

/**
 * The URL is made of what the caller said: its Host header leads to the right door. Null for what the web has no
 * request for: a host that is none, TRACE.
 */
export function asRequest(incoming: IncomingMessage): Request | null {
  try {
    return makeRequest(incoming);
  } catch {
    return null;
  }
}

function makeRequest(incoming: IncomingMessage): Request {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  const { rawHeaders } = incoming;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!connectionHeaders.has(name)) headers.append(name, rawHeaders[index + 1]!);
  }
  const { url: asked = '/' } = incoming;
  const origin = `https://${incoming.headers.host ?? 'localhost'}`;
  // Joined as text: a path that begins with two slashes is not another host.
  const url = asked.startsWith('/') ? new URL(`${origin}${asked}`) : new URL(asked, origin);
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: streamBody(incoming), duplex: 'half' });
}

/**
 * The body, read only when somebody asks for it. A request that is answered without a look at its body must stay
 * untouched: Node then drains it, and the connection can be used again.
 */
function streamBody(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Buffer> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        chunks ??= (incoming as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      },
    },
    { highWaterMark: 0 },
  );
}

export async function writeResponse(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) if (!connectionHeaders.has(name)) headers[name] = value;
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  outgoing.writeHead(response.status, response.statusText, headers);
  if (response.body && incoming.method !== 'HEAD') {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing);
  } else outgoing.end();
}
