/** Causes in the name: what DNS says, and what it should say where a private endpoint is. */
import { type DiagnosisFacts, listed, type Named, type NameFacts, nameHost } from './diagnosis.ts';
import { isPrivateAddress } from './private-address.ts';
import { roadOf, silenceOf, viaWords } from './silence.ts';

const unknownCodes = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);
const silentCodes = new Set(['EAI_AGAIN', 'ETIMEOUT', 'ESERVFAIL', 'EREFUSED', 'ETIMEDOUT']);

export function readName(facts: DiagnosisFacts): Named | null {
  const silence = silenceOf(facts);
  if (silence === null) return null;
  const stage = roadOf(facts)?.stage;
  // A proxy has a name too; what is wrong with that is told as the proxy's.
  if (stage === 'proxy') return null;
  if (unknownCodes.has(silence.code)) return isRecordMissing(facts) ? recordMissing(facts) : unknown(facts);
  const isSilent = silence.code === 'ETIMEDOUT' ? stage === 'name' : silentCodes.has(silence.code);
  return isSilent ? silent(facts, silence.code) : null;
}

/** The name that a private endpoint's record has: the host's own, below the private zone. */
export function privateNames(host: string): { readonly zone: string; readonly record: string } {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const match = /^(.+)\.((?:azurewebsites\.(?:net|us|localhost))|(?:chinacloudsites\.cn))$/.exec(name);
  return { zone: `privatelink.${match?.[2] ?? 'azurewebsites.net'}`, record: match?.[1] ?? name };
}

export function hasPrivateLink({ cnames }: { readonly cnames: readonly string[] }): boolean {
  return cnames.some((name) => /(^|\.)privatelink\./i.test(name));
}

/** Whether there is a private endpoint that lets callers in, as far as anybody told. */
export function approvedAddresses({ site }: Pick<DiagnosisFacts, 'site'>): readonly string[] | null {
  const approved = site?.endpoints?.filter(({ status }) => /^approved$/i.test(status)) ?? [];
  return approved.length === 0 ? null : approved.flatMap(({ addresses }) => addresses);
}

function isRecordMissing(facts: DiagnosisFacts): boolean {
  const road = roadOf(facts);
  return (road !== null && hasPrivateLink(road)) || facts.names.some(hasPrivateLink);
}

function recordMissing(facts: DiagnosisFacts): Named {
  const { zone, record } = privateNames(facts.host);
  const address = approvedAddresses(facts)?.[0];
  return {
    code: 'private-record-missing',
    certainty: 'certain',
    said: `${nameHost(facts)} leads to ${zone}, and that zone, as it is seen ${viaWords(facts)}, has no address for it.${tellOthers(facts)}`,
    next: `Add the A record ${record} to the private zone ${zone}${address === undefined ? '' : ` with the address ${address}`}: each slot needs two, one for the site and one for its SCM site (${scmRecord(record)}). A zone group on the private endpoint writes them by itself.`,
  };
}

function scmRecord(record: string): string {
  return /\.scm$/.test(record) ? record : `${record}.scm`;
}

function unknown(facts: DiagnosisFacts): Named {
  const { zone } = privateNames(facts.host);
  const address = approvedAddresses(facts)?.[0];
  const endpoint = address === undefined ? '' : ` It has a private endpoint with the address ${address}.`;
  return {
    code: 'name-unknown',
    certainty: 'certain',
    said: `${nameHost(facts)} is not known to DNS ${viaWords(facts)}.${endpoint}${tellOthers(facts)}`,
    next: `${otherWay(facts)}Ask DNS where slotwave runs (nslookup ${facts.host.replace(/:\d+$/, '')}): does it forward azurewebsites names to Azure's DNS, and is the private zone ${zone} linked to that network? Without a private endpoint: was the app deleted or renamed?`,
  };
}

/** Where one name server knows what another does not, that is the shortest way out. */
function otherWay({ names }: DiagnosisFacts): string {
  const knowing = names.find(({ addresses, resolver }) => addresses.length > 0 && resolver !== 'the system');
  return knowing
    ? `${knowing.resolver} knows it: vantage: { via: dns, servers: [${knowing.resolver}] }. `
    : '';
}

export function tellOthers({ names }: Pick<DiagnosisFacts, 'names'>): string {
  const knowing = names.filter(({ addresses }) => addresses.length > 0);
  return knowing.map((each) => ` ${tellAnswer(each)}`).join('');
}

function tellAnswer({ resolver, addresses }: NameFacts): string {
  const kind = addresses.every((address) => isPrivateAddress(address)) ? 'private' : 'public';
  const name = `${resolver.charAt(0).toUpperCase()}${resolver.slice(1)}`;
  return `${name} says ${listed(addresses)} (${kind}).`;
}

/** Those that were asked by their own address. */
function tellSilent({ names }: DiagnosisFacts): string {
  const mute = names
    .filter(({ code }) => code !== null && silentCodes.has(code))
    .map(({ resolver }) => resolver);
  const addressed = mute.filter((resolver) => resolver !== 'the system');
  return addressed.length === 0 ? '' : ` No answer from ${listed(addressed)}.`;
}

function silent(facts: DiagnosisFacts, code: string): Named {
  return {
    code: 'dns-silent',
    certainty: 'certain',
    said: `The name servers do not answer for ${nameHost(facts)} ${viaWords(facts)} (${code}).${tellSilent(facts)}${tellOthers(facts)}`,
    next: `${otherWay(facts)}Check which name servers are set where slotwave runs and that port 53 reaches them (UDP and TCP). With vantage: { via: dns } the addresses under servers must be reachable from there.`,
  };
}
