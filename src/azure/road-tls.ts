/** TLS over whatever connection a road opened, for the real host name: what is checked is the same on all roads. */
import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import type { CertificateFacts } from '../probe/road.ts';
import type { RoadAsk } from './road.ts';
import { whenReady } from './road-socket.ts';

export async function secure(
  socket: Socket,
  { host, signal, trace }: Pick<RoadAsk, 'host' | 'signal'> & { readonly trace?: RoadAsk['trace'] },
  secureContext: SecureContext | undefined,
): Promise<TLSSocket> {
  trace?.note({ stage: 'tls' });
  const encrypted = connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(secureContext === undefined ? {} : { secureContext }),
    ALPNProtocols: ['http/1.1'],
  });
  // Before Node looks at it and hangs up: a certificate that is refused is the one that people ask about.
  encrypted.prependOnceListener('secure', () => {
    trace?.note({ certificate: readCertificate(encrypted.getPeerCertificate()) });
  });
  try {
    await whenReady(encrypted, 'secureConnect', signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return encrypted;
}

function readCertificate(certificate: PeerCertificate): CertificateFacts | null {
  // Empty when the other side showed none.
  const { subject, issuer, valid_to: validTo } = certificate as Partial<PeerCertificate>;
  if (subject === undefined || issuer === undefined || validTo === undefined) return null;
  const alternative = namesIn(certificate.subjectaltname ?? '');
  return {
    names: alternative.length > 0 ? alternative : words(subject.CN),
    issuer: [...words(issuer.CN), ...words(issuer.O)][0] ?? 'unknown',
    validToMs: Date.parse(validTo),
  };
}

/** `DNS:a.example, IP Address:10.0.0.1`: the names alone. A name that is quoted there is a strange one, and kept as it is. */
function namesIn(text: string): readonly string[] {
  return text
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length));
}

/** A field of a certificate may be there several times, whatever the types say. */
function words(field: string | readonly string[] | undefined): readonly string[] {
  if (field === undefined) return [];
  return typeof field === 'string' ? [field] : field;
}
