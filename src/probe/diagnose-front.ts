/** Causes at the front end of App Service: who is let in, and whether there is anybody behind it. */
import { isPending, isUnlinked, pending, unlinked } from './diagnose-road.ts';
import { type DiagnosisFacts, decisiveFinding, type Named, nameHost } from './diagnosis.ts';
import type { Page } from './pages.ts';
import { isUnasked, roadOf, silenceOf, viaWords } from './silence.ts';

const pageOfCode: ReadonlyMap<string, Page> = new Map([
  ['IP_FORBIDDEN', 'ip-forbidden'],
  ['SITE_STOPPED', 'stopped'],
  ['UNKNOWN_SITE', 'unknown-site'],
]);

/** Whose page the answer was; what the look says outweighs the request that was made afterwards. */
function pageOf(facts: DiagnosisFacts): Page | null {
  const finding = decisiveFinding(facts);
  const own = pageOfCode.get(finding?.code ?? '');
  if (own) return own;
  const isOpen = finding === null || isUnasked(finding.code) || finding.code === 'NOT_UP';
  return isOpen && facts.request?.kind === 'answer' ? facts.request.page : null;
}

/** 403 Ip Forbidden: the most common end of all ways that begin in the wrong network. */
export function readForbidden(facts: DiagnosisFacts): Named | null {
  if (pageOf(facts) !== 'ip-forbidden') return null;
  if (isPending(facts)) return pending(facts);
  if (isUnlinked(facts)) return unlinked(facts, 'there the front end answers 403 Ip Forbidden');
  const access = facts.site?.publicNetworkAccess?.toLowerCase();
  const address = roadOf(facts)?.address;
  const rule =
    access === 'disabled'
      ? ' Public network access is off (publicNetworkAccess: Disabled).'
      : access === 'enabled'
        ? ' Public network access is on, so an access restriction of the app does it.'
        : '';
  return {
    code: 'ip-forbidden',
    certainty: 'certain',
    said: `${nameHost(facts)} refuses callers ${viaWords(facts)}: its front end${address ? ` at ${address}` : ''} answers 403 Ip Forbidden.${rule} The app itself never saw the request.`,
    next: nextForbidden(facts, access === 'disabled'),
  };
}

function nextForbidden({ door }: DiagnosisFacts, isOff: boolean): string {
  const look = isOff
    ? 'Look from inside: give the slot a private endpoint (each slot needs its own) and a vantage that reaches it, or run slotwave in that network.'
    : 'Allow the address of this machine in the access restrictions of the slot (production and staging have lists of their own), or look from inside by a vantage: private-endpoint, dns, proxy.';
  return door === 'scm'
    ? `${look} The SCM site has a list of its own unless it uses the main one. Uploads can also do without it: delivery: { mode: pull, store: https://<account>.blob.core.windows.net/<container> }.`
    : look;
}

export function readFrontEnd(facts: DiagnosisFacts): Named | null {
  const page = pageOf(facts);
  if (page === 'unknown-site') return unknownSite(facts);
  if (page === 'stopped') return stopped(facts, 'answers that it is stopped (403)');
  const asked = decisiveFinding(facts);
  const isSilent = asked === null ? facts.request === null : isUnasked(asked.code) || asked.code === 'NOT_UP';
  const isStopped = facts.site?.state?.toLowerCase() === 'stopped';
  if (isStopped && isSilent && silenceOf(facts) === null) return stopped(facts, 'is stopped, says Azure');
  return page === 'front-end' ? hostDown(facts) : null;
}

function unknownSite(facts: DiagnosisFacts): Named {
  const address = roadOf(facts)?.address;
  return {
    code: 'wrong-host',
    certainty: 'certain',
    said: `What answers${address ? ` at ${address}` : ''} ${viaWords(facts)} does not know ${nameHost(facts)} (404 Web Site not found).`,
    next: 'The address belongs to another app or to another App Service: compare it with the private endpoint of this very slot (each slot has its own), and the host name with what Azure lists as defaultHostName. A custom domain has to be bound to the app.',
  };
}

function stopped(facts: DiagnosisFacts, how: string): Named {
  return {
    code: 'app-stopped',
    certainty: 'certain',
    said: `${nameHost(facts)} ${how}.`,
    next: 'Start it: az functionapp start (with --slot for a slot). A staging slot that is stopped between rollouts cannot be looked at; a stop also follows a spent daily quota.',
  };
}

function hostDown(facts: DiagnosisFacts): Named {
  const status = facts.request?.kind === 'answer' ? facts.request.status : decisiveFinding(facts)?.status;
  return {
    code: 'host-down',
    certainty: 'likely',
    said: `The front end answers ${status ?? 503} for ${nameHost(facts)} in its own words: behind it no host is up.`,
    next: 'A host that starts needs a minute. When it stays: the log stream and "Diagnose and solve problems" show whether the process dies at its start (storage account not reached, WEBSITE_RUN_FROM_PACKAGE not readable, wrong runtime version).',
  };
}
