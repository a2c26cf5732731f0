/** A certificate authority that lives as long as one emulator, and the certificate of its front end. */
// The X.509 library's dependency injection asks for it before it can be loaded.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Certificates {
  /** PEM, for clients to trust. Its private key is forgotten at once. */
  readonly ca: string;
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** The names under which an emulator is reached; the name of a private link zone is none of them (§5.1). */
export interface CertifiedNames {
  readonly domain: string;
  readonly management: string;
}

const usualNames: CertifiedNames = { domain: 'azurewebsites.localhost', management: 'localhost' };

/** Certificates for the names of the emulator's network, valid from a day before `nowMs` (wall time) for a year. */
export async function makeCertificates(
  nowMs: number,
  { domain, management }: CertifiedNames = usualNames,
): Promise<Certificates> {
  const names = [...new Set(['localhost', management]), `*.${domain}`, `*.scm.${domain}`];
  const validity = { notBefore: new Date(nowMs - dayMs), notAfter: new Date(nowMs + 365 * dayMs) };
  const authorityKeys = await makeKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=slotwave emulator CA',
    keys: authorityKeys,
    ...validity,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const leafKeys = await makeKeys();
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: leafKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    ...validity,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      // Strict clients (Python 3.13 among them) refuse a chain whose links do not name each other's keys.
      await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      await SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
      new SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns', value }) as const),
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey), 'PRIVATE KEY');
  return { ca: authority.toString('pem'), certificate: leaf.toString('pem'), key };
}

async function makeKeys() {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
