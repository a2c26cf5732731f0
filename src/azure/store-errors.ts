/** What a storage account's refusals mean, and what to do about them. */
import { type ErrorFacts, RefusalError, SlotwaveError, TransientError } from '../errors.ts';
import { classify, describeFacts } from './classify.ts';
import { AnswerError, type AzureErrorFacts, readErrorFacts } from './error-facts.ts';
import { stringOf, tame } from './server-text.ts';
import { readElements } from './store-xml.ts';
import type { HttpAnswer } from './transport.ts';

/** The code is in a header too, which is all that a HEAD has; the sentence is the first line of what is in the body. */
export function readStoreFacts(answer: HttpAnswer): AzureErrorFacts {
  const found = readElements(answer.body, 'Error');
  const facts = readErrorFacts(answer, 0);
  const code = stringOf(answer.headers['x-ms-error-code']) ?? stringOf(found?.get('Code'));
  // Behind it the service appends the request's id and a time, one a line.
  const sentence = found?.get('Message')?.split('\n')[0];
  return {
    ...facts,
    code: code === null ? facts.code : tame(code, 80),
    message: sentence ? tame(sentence, 400) : facts.message,
    // The lane of this host waits for what it asks for.
    retryAfterMs: null,
  };
}

export function classifyStore(error: unknown, what: string, store: string): SlotwaveError {
  if (!(error instanceof AnswerError)) return classify(error, { act: 'read', what, where: store });
  const { facts } = error;
  const message = `Could not ${what}: ${describeFacts(facts)}`;
  const say = ({ code, next }: Pick<ErrorFacts, 'code' | 'next'>) =>
    new RefusalError(message, { code, where: store, cause: error, ...(next === undefined ? {} : { next }) });
  const { status, code } = facts;
  if (status === 404 && code !== 'ContainerNotFound' && code !== 'ResourceNotFound')
    return say({ code: 'store-blob-missing' });
  if (status === 404)
    return say({ code: 'store-not-found', next: 'Make the container, or correct delivery.store.' });
  if (status === 409 && code === 'BlobAlreadyExists') return say({ code: 'store-blob-exists' });
  if (status === 412) return say({ code: 'store-blob-exists' });
  if (status === 403) {
    return say(
      code === 'AuthorizationFailure' || /public access is not permitted/i.test(facts.message)
        ? {
            code: 'store-network-forbidden',
            next: 'The firewall of the storage account does not let this machine in: allow its network there, or run inside the VNet.',
          }
        : {
            code: 'store-forbidden',
            next: 'Give this identity the roles "Storage Blob Data Contributor" on the container and "Storage Blob Delegator" on the account, then wait a few minutes and run again.',
          },
    );
  }
  if (status === 429 || status === 503 || status === 500 || status === 408)
    return new TransientError(message, { code: 'store-unwell', where: store, cause: error });
  return classify(error, { act: 'read', what, where: store });
}

/** The name is taken: by the same bytes, because they are its name. */
export function isThere(error: unknown): boolean {
  return error instanceof SlotwaveError && error.code === 'store-blob-exists';
}

export function isMissing(error: unknown): boolean {
  return error instanceof SlotwaveError && error.code === 'store-blob-missing';
}
