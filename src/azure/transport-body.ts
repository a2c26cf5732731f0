/** A request's body on its way into the connection, whatever it is made of. */
import type { ClientRequest } from 'node:http';
import type { HttpRequest, StreamedBody } from './transport.ts';

export function writeBody(
  outgoing: ClientRequest,
  request: HttpRequest,
  onBodyFailure: (error: Error) => void,
): void {
  const { body } = request;
  if (body === undefined) outgoing.end();
  else if (typeof body === 'string' || !('open' in body)) outgoing.end(body);
  else sendPieces(outgoing, body, request.onSent).catch(onBodyFailure);
}

/** What TLS encrypts at once stands in memory twice; with more each byte costs more, with less the calls do. */
const writeBytes = 256 * 1024;

/**
 * Piece by piece, as fast as the connection takes them. A body that changed its length while it was read stops
 * before its last byte: a cut one must not look whole.
 */
async function sendPieces(
  outgoing: ClientRequest,
  body: StreamedBody,
  onSent: HttpRequest['onSent'],
): Promise<void> {
  const announced = `the body has another length than the ${body.bytes} bytes that were announced`;
  let bytes = 0;
  for await (const piece of readBody(body)) {
    if (bytes + piece.length > body.bytes) throw bodyChanged(announced);
    for (let at = 0; at < piece.length; at += writeBytes) {
      const part = piece.subarray(at, at + writeBytes);
      // The connection's own failures come by the request's error event; here they only end the sending.
      if (!(await writePart(outgoing, part))) return;
      bytes += part.length;
      onSent?.(bytes);
    }
  }
  if (bytes !== body.bytes) throw bodyChanged(announced);
  outgoing.end();
}

async function* readBody(body: StreamedBody): AsyncGenerator<Buffer> {
  try {
    yield* body.open();
  } catch (error) {
    throw bodyChanged(`the body cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function bodyChanged(why: string): Error {
  return Object.assign(new Error(why), { code: 'EBODYCHANGED' });
}

/** False when nobody takes any more. */
function writePart(outgoing: ClientRequest, part: Buffer): Promise<boolean> {
  if (outgoing.destroyed) return Promise.resolve(false);
  if (outgoing.write(part)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (isTaken: boolean) => {
      outgoing.off('drain', onDrain).off('close', onClose);
      resolve(isTaken);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    outgoing.on('drain', onDrain).on('close', onClose);
  });
}
