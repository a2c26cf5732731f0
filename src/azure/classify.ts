/**
 * Law 1 in one table: what a failed request means, by who must act. The question is never "did it fail" but
 * "may it have happened": a mutation that left without a clear answer is a whatever the reason.
 */
import { DefectError, type ErrorFacts, RefusalError, SlotwaveError, TransientError } from '../errors.ts';
import { type Asked, type Given, inDoubt, retryAfterOf } from './asked.ts';
import { AnswerError, type AzureErrorFacts } from './error-facts.ts';
import { classifySwapText } from './swap-texts.ts';
import { TransportError } from './transport.ts';

/** Any thrown value of a request as the error that the engine decides by. */
export function classify(error: unknown, asked: Asked): SlotwaveError {
  if (error instanceof SlotwaveError) return error;
  if (error instanceof TransportError) return classifySilence(error, asked);
  if (error instanceof AnswerError) return classifyAnswer(error.facts, asked, error);
  const message = error instanceof Error ? error.message : String(error);
  return new DefectError(`Could not ${asked.what}: ${message}`, {
    code: 'azure-client-failed',
    where: asked.where,
    next: 'This is a defect in slotwave, or an answer that Azure never gave before: please report it.',
    cause: error,
  });
}

/** TLS failures that the next try will meet again. */
const untrusted = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/;

function classifySilence(error: TransportError, asked: Asked): SlotwaveError {
  const message = `Could not ${asked.what}: ${error.message}`;
  const facts = { where: asked.where, cause: error };
  if (untrusted.test(error.code)) {
    return new RefusalError(message, {
      ...facts,
      code: 'certificate-not-trusted',
      next: `If a proxy or an emulator of yours stands at ${error.host}, give its CA with --ca FILE.`,
    });
  }
  if (error.code === 'PROXY_AUTH_REQUIRED' || isForbiddenByProxy(error))
    return new RefusalError(message, { ...facts, code: 'proxy-refused', next: nextForProxy(error) });
  if (!error.sent)
    return new TransientError(message, { ...facts, code: 'not-reachable', next: nextForUnreachable(error) });
  if (asked.act === 'read') return new TransientError(message, { ...facts, code: 'no-answer' });
  return inDoubt(message, { ...facts, code: 'answer-lost' });
}

/** A rule of the proxy; that it does not reach the host (502, 504, HostUnreachable) may pass. */
function isForbiddenByProxy({ code, road }: TransportError): boolean {
  return code === 'PROXY_REFUSED' && /^(403|405|NotAllowed)\b/.test(road?.proxyRefusal ?? '');
}

function nextForProxy({ code, host, road }: TransportError): string {
  const proxy = road?.proxy ?? 'the proxy';
  if (code === 'PROXY_AUTH_REQUIRED')
    return `Give user and password for ${proxy} in its address: HTTPS_PROXY, or probes.vantage.proxy of the config.`;
  return `Have ${proxy} let CONNECT through to ${host}, or name ${host} in NO_PROXY if it can be reached without.`;
}

function nextForUnreachable({ code, host }: TransportError): string {
  // Only sites and their SCM sites are closed by private endpoints of the app's own; ARM and login never are.
  const zone = /\.(azurewebsites\.(?:net|us)|chinacloudsites\.cn)(?::\d+)?$/i.exec(host)?.[1];
  if (code === 'ENOTFOUND' && zone) {
    return `Ask DNS for ${host} from this machine: is the private zone privatelink.${zone.toLowerCase()} linked to the network it is in?`;
  }
  return `Check that this machine reaches ${host}: DNS, network, proxy, firewall.`;
}

function classifyAnswer(facts: AzureErrorFacts, asked: Asked, cause: AnswerError): SlotwaveError {
  const message = `Could not ${asked.what}: ${describeFacts(facts)}`;
  const given: Given = { facts, asked, message, common: { where: asked.where, cause } };
  if (facts.status < 300) return unreadable(given);
  return classifySwapText(given) ?? classifyStatus(given);
}

/** `409 Conflict: Cannot modify this site … (request 1234)` */
export function describeFacts({ status, reason, code, message, requestId }: AzureErrorFacts): string {
  const name = code ?? (reason && reason !== message ? reason : null);
  return `${status}${name ? ` ${name}` : ''}: ${message}${requestId ? ` (request ${requestId})` : ''}`;
}

/** A success whose body is not what Azure sends: something in between answered, or the answer was cut. */
function unreadable({ asked, message, common }: Given): SlotwaveError {
  if (asked.act !== 'read') return inDoubt(message, { ...common, code: 'answer-unreadable' });
  return new TransientError(message, {
    ...common,
    code: 'answer-unreadable',
    next: 'Is there a proxy or a sign-in page between this machine and Azure?',
  });
}

function classifyStatus(given: Given): SlotwaveError {
  const { facts, asked, message, common } = given;
  const { status } = facts;
  if (status === 401) return classifyUnauthorized(given);
  if (status === 403) return classifyForbidden(given);
  if (status === 404) return new RefusalError(message, { ...common, ...notFound(facts) });
  if (status === 429) {
    return new TransientError(message, {
      ...common,
      code: 'throttled',
      ...retryAfterOf(facts),
    });
  }
  if (status === 408 || status >= 500) {
    if (asked.act !== 'read') return inDoubt(message, { ...common, code: 'server-error' });
    if (status === 501) return new RefusalError(message, { ...common, code: 'not-implemented' });
    return new TransientError(message, {
      ...common,
      code: 'server-error',
      ...retryAfterOf(facts),
    });
  }
  if (/from host runtime/i.test(facts.message)) {
    return new TransientError(message, {
      ...common,
      code: 'host-not-ready',
      next: 'The function host behind this slot does not answer yet.',
    });
  }
  return new RefusalError(message, { ...common, code: status === 409 ? 'conflict' : 'azure-refused' });
}

function classifyUnauthorized({ facts, message, common }: Given): SlotwaveError {
  // An expired token was refused at the door: nothing happened, and the next request carries a new one.
  if (facts.code === 'ExpiredAuthenticationToken')
    return new TransientError(message, { ...common, code: 'token-expired' });
  const tenant =
    /must match (?:the|one of the) tenants? '[^']*?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/i.exec(
      facts.message,
    )?.[1];
  if (facts.code === 'InvalidAuthenticationTokenTenant' || tenant) {
    const where = tenant === undefined ? 'its tenant' : `the tenant ${tenant}`;
    return new RefusalError(message, {
      ...common,
      code: 'tenant-wrong',
      next: `Its subscription is in ${where}: write it as tenantId beside the resourceId of this target, or sign in there.`,
    });
  }
  return new RefusalError(message, {
    ...common,
    code: 'credential-refused',
    next: 'Azure does not accept this token. Is it of the right tenant and cloud (--cloud)?',
  });
}

function classifyForbidden({ facts, message, common }: Given): SlotwaveError {
  const denied = /perform action '([^']{1,200})' over scope '([^']{1,400})'/.exec(facts.message);
  if (denied) {
    return new RefusalError(message, {
      ...common,
      code: 'permission-missing',
      next: `Give this identity a role with ${denied[1]} on ${denied[2]}: ${roleFor(denied[1]!)} has it. Then wait a few minutes and run again.`,
    });
  }
  if (/ip forbidden/i.test(facts.reason) || /blocked your access/i.test(facts.message)) {
    return new RefusalError(message, {
      ...common,
      code: 'network-forbidden',
      next: 'This app refuses callers from outside its network. Run from inside the VNet (a self-hosted runner), or allow this address.',
    });
  }
  if (/is (currently )?stopped/i.test(facts.message)) {
    return new RefusalError(message, {
      ...common,
      code: 'site-stopped',
      next: 'Start the app or the slot, then run again.',
    });
  }
  return new RefusalError(message, {
    ...common,
    code: 'forbidden',
    next: 'Check the roles of this identity: Website Contributor on the resource group is enough.',
  });
}

/** learn.microsoft.com/azure/role-based-access-control/built-in-roles */
function roleFor(action: string): string {
  if (/^microsoft\.storage\//i.test(action)) return 'Storage Blob Data Contributor';
  if (/^microsoft\.network\//i.test(action)) return 'Network Contributor';
  if (/^microsoft\.web\//i.test(action)) return 'Website Contributor';
  return /\/read$/i.test(action) ? 'Reader' : 'Contributor';
}

function notFound({ code }: AzureErrorFacts): Pick<ErrorFacts, 'code' | 'next'> {
  if (code === 'ResourceGroupNotFound')
    return {
      code: 'resource-group-not-found',
      next: 'Check the resource group and the subscription in the resource id.',
    };
  if (code === 'SubscriptionNotFound' || code === 'InvalidSubscriptionId') {
    return {
      code: 'subscription-not-found',
      next: 'Check the subscription id, and that this identity belongs to its tenant.',
    };
  }
  return {
    code: 'not-found',
    next: 'Check name, resource group, slot and subscription; without a role on it, Azure also says "not found".',
  };
}
