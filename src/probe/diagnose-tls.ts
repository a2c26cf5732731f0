/** Causes in the certificate. */
import { type DiagnosisFacts, listed, type Named, nameHost } from './diagnosis.ts';
import type { RoadFacts } from './road.ts';
import { roadOf, type Silence, viaWords } from './silence.ts';

const unknownAuthority =
  /^(UNABLE_TO_(GET_ISSUER|VERIFY)|SELF_SIGNED_|DEPTH_ZERO_|CERT_UNTRUSTED|CERT_CHAIN|INVALID_CA|CERT_SIGNATURE)/;
const notValidNow = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const otherwise = /^(ERR_SSL_|ERR_TLS_|EPROTO|CERT_)/;

export function readTls(facts: DiagnosisFacts, { code }: Silence, road: RoadFacts | null): Named | null {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return mismatch(facts);
  if (unknownAuthority.test(code)) return untrusted(facts, code);
  if (notValidNow.has(code)) return outOfDate(facts, code);
  const isHanging = code === 'ETIMEDOUT' && road?.stage === 'tls';
  return otherwise.test(code) || isHanging ? broken(facts, code) : null;
}

function seat(facts: DiagnosisFacts): string {
  const address = roadOf(facts)?.address;
  return address
    ? `What answers for ${nameHost(facts)} at ${address}`
    : `What answers for ${nameHost(facts)}`;
}

function mismatch(facts: DiagnosisFacts): Named {
  const names = roadOf(facts)?.certificate?.names ?? [];
  const isLink = /(^|\.)privatelink\./i.test(facts.host);
  return {
    code: 'tls-name-mismatch',
    certainty: 'certain',
    said: `${seat(facts)} has a certificate for ${names.length > 0 ? listed(names) : 'other names'}, and not for ${facts.host}.`,
    next: isLink
      ? 'Ask for the real host name: a privatelink name is for DNS only, and no certificate carries it.'
      : `Another machine answers at this address: compare it with the private endpoint's in Azure, and look for a stale DNS record or an address pinned for another app. A gateway in between (Application Gateway, Front Door) needs a certificate for ${facts.host} too.`,
  };
}

function untrusted(facts: DiagnosisFacts, code: string): Named {
  const issuer = roadOf(facts)?.certificate?.issuer;
  return {
    code: 'tls-unknown-authority',
    certainty: 'certain',
    said: `${seat(facts)} has a certificate${issuer ? ` of ${issuer}` : ''} that is not trusted here (${code}).`,
    next: 'A firewall that opens TLS signs with an authority of its own: give its certificate with --ca FILE (or NODE_EXTRA_CA_CERTS), when that is meant to be. An App Service Environment with a private authority needs the same. Otherwise somebody else answers.',
  };
}

function outOfDate(facts: DiagnosisFacts, code: string): Named {
  const certificate = roadOf(facts)?.certificate;
  const until = certificate ? ` It ends on ${dayOf(certificate.validToMs)}.` : '';
  return {
    code: 'tls-expired',
    certainty: 'certain',
    said: `${seat(facts)} has a certificate that is not valid now (${code}).${until}`,
    next: "Renew it where it is kept: at the gateway, or at the app's own domain. Azure renews those of azurewebsites.net by itself, so with such a name check the clock of this machine and what stands in between.",
  };
}

/** Not thrown into the caller's face where a certificate carries nonsense for a date. */
function dayOf(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15
    ? new Date(ms).toISOString().slice(0, 10)
    : 'no known day';
}

function broken(facts: DiagnosisFacts, code: string): Named {
  return {
    code: 'tls-broken',
    certainty: 'likely',
    said: `${seat(facts)} does not complete a TLS handshake ${viaWords(facts)} (${code}).`,
    next: 'Something else than the front end of App Service listens there, or a middle box breaks the handshake: check port and address, and whether a firewall demands older TLS. openssl s_client -connect shows more.',
  };
}
