/** What failed on the way, as the one error that the transport throws. */
import type { RoadFacts, RoadStage } from '../probe/road.ts';
import { codeOf, RoadError } from './road.ts';
import { type HttpRequest, TransportError } from './transport.ts';

export interface Failing {
  readonly request: HttpRequest;
  readonly host: string;
  readonly sent: boolean;
  /** The request's own signal and its deadline in one. */
  readonly signal: AbortSignal;
  /** Absent: it never set out, because others had their turn. */
  readonly road: RoadFacts | undefined;
}

export function asTransportError(
  error: Error,
  { request, host, sent, signal, road }: Failing,
): TransportError {
  if (error instanceof TransportError) return error;
  const facts = { sent, host, cause: error, road };
  if (request.signal?.aborted)
    return new TransportError(`The request to ${host} was called off.`, { ...facts, code: 'ABORTED' });
  if (signal.aborted) {
    const what = sent ? 'did not answer' : road && lateAt[road.stage];
    const via = road?.proxy ? ` (proxy ${road.proxy})` : '';
    const time = `${request.timeoutMs / 1000} s`;
    const message = what
      ? `${host} ${what} within ${time}${via}.`
      : `The request to ${host} waited for its turn for ${time}: as many as may be are under way there.`;
    return new TransportError(message, { ...facts, code: 'ETIMEDOUT' });
  }
  if (error instanceof RoadError)
    return new TransportError(`${host}: ${error.message}`, { ...facts, code: error.code });
  const told = codeOf(error) ?? 'ECONNRESET';
  // Under TLS that is put on a connection of ours, OpenSSL's own codes come through: as many as it has sentences.
  const code = told.startsWith('ERR_SSL_') ? 'EPROTO' : told;
  return new TransportError(`${host}: ${describeCode(code, error)}`, { ...facts, code });
}

const lateAt: Readonly<Record<RoadStage, string>> = {
  name: 'could not be resolved',
  connect: 'could not be connected to',
  proxy: 'could not be connected to through the proxy',
  tls: 'took the connection and did not speak TLS',
  request: 'did not answer',
  answered: 'did not answer to the end',
};

const unknownAuthority = 'its certificate is of an authority that is not trusted here';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut before the answer',
  EPIPE: 'the connection was cut while sending',
  ENOTFOUND: 'the name is not known to DNS here',
  EAI_AGAIN: 'DNS did not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'the connection timed out',
  EPROTO: 'what listens there does not speak TLS as it should',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself only',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** The code in words; an unknown one keeps Node's own sentence, which carries no body and no header. */
function describeCode(code: string, error: Error): string {
  return `${words[code] ?? (error.message || 'the request failed')} (${code})`;
}
