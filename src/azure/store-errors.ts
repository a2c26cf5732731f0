/** What a storage account's refusals mean, and what to do about them. */
import { type ErrorFacts, RefusalError, SlotwaveError, TransientError } from '../errors.ts';
import { classify, describeFacts } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import { isObject, stringOf, tame } from './server-text.ts';

/** Runs one operation of the storage SDK; its errors, which carry the whole exchange, come out as AnswerError. */
export async function sendAs<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const facts = readRestError(thrown);
    throw facts ?? thrown;
  }
}

function readRestError(thrown: unknown): AnswerError | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number')
    return null;
  const code = 'code' in thrown ? stringOf(thrown.code) : null;
  const details = 'details' in thrown && isObject(thrown.details) ? thrown.details : {};
  return new AnswerError({
    status: thrown.statusCode,
    reason: '',
    code: code ?? stringOf(details['errorCode']),
    // The SDK appends request ids and a time, one a line; the first line is the sentence.
    message: tame(thrown.message.split('\n')[0] || `HTTP ${thrown.statusCode}`, 400),
    retryAfterMs: null,
    requestId: stringOf(details['requestId']),
  });
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
