/**
 * The few requests to a storage account that a shelf for packages needs, by our transport with our tokens. The SDK
 * for them would be a quarter of a door's code, and takes a fifth more computing to send.
 */
import { DefectError } from '../errors.ts';
import { AnswerError, readErrorFacts } from './error-facts.ts';
import { governed } from './governed.ts';
import type { Governor } from './governor.ts';
import { readStoreFacts } from './store-errors.ts';
import { type DelegationKey, secondsOf, storageVersion } from './store-signature.ts';
import { type Element, readElement, readElements } from './store-xml.ts';
import type { Tokens } from './tokens.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  requestTimeoutMs,
  type StreamedBody,
  type Transport,
} from './transport.ts';

/** Each sends one request, once. @throws AnswerError, TransportError, what tokens and governor throw. */
export interface StoreClient {
  readonly account: string;
  readonly container: string;
  urlOf(blob: string): string;
  readLength(blob: string): Promise<number>;
  /** In one piece; refused when the name is taken. */
  put(blob: string, body: StreamedBody, metadata?: Metadata): Promise<void>;
  /** Nobody sees a block before it is in a list; the same id again takes its place. */
  putBlock(blob: string, id: string, body: StreamedBody): Promise<void>;
  /** Makes the blob of its blocks; refused when the name is taken. */
  putBlockList(blob: string, ids: readonly string[], metadata?: Metadata): Promise<void>;
  issueKey(startsMs: number, expiresMs: number): Promise<DelegationKey>;
  /** One page of the blobs whose names begin so; `next` leads to the next one. */
  list(prefix: string, marker: string | null): Promise<BlobPage>;
  /** Takes the place of all the metadata that is there, and makes the blob's last change now. */
  describe(blob: string, metadata: Metadata): Promise<void>;
  /** Refused when the blob is not what it was in the list any more. */
  remove(blob: string, version: string): Promise<void>;
}

/** Names in lower case, as C# would take them for names; values in ASCII. */
export type Metadata = Readonly<Record<string, string>>;

export interface ListedBlob {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
  /** Another one after each change. */
  readonly version: string;
  readonly metadata: Metadata;
}

export interface BlobPage {
  readonly blobs: readonly ListedBlob[];
  readonly next: string | null;
}

export interface StoreClientParts {
  readonly transport: Transport;
  readonly tokens: Tokens;
  readonly governor: Governor;
}

/** @param store `https://<account>.blob.core.windows.net/<container>`, or with the account in the path. */
export function connectStore(store: string, parts: StoreClientParts): StoreClient {
  const url = new URL(store);
  const segments = url.pathname.split('/').filter((part) => part !== '');
  const container = segments.pop() ?? '';
  const root = [url.origin, ...segments].join('/');
  const send = govern(parts.governor, url.host, sign(parts, url.origin));
  const urlOf = (blob: string) => `${root}/${container}/${blob.split('/').map(encodeURIComponent).join('/')}`;
  return {
    account: segments.at(-1) ?? url.hostname.split('.')[0] ?? '',
    container: decodeURIComponent(container),
    urlOf,
    readLength: async (blob) => readLength(await ask(send, 200, { method: 'HEAD', url: urlOf(blob) })),
    put: async (blob, body, metadata) => {
      const type = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/octet-stream' };
      const headers = { ...asNew, ...type, ...headersOf(metadata) };
      await ask(send, 201, { method: 'PUT', url: urlOf(blob), headers, body });
    },
    putBlock: async (blob, id, body) => {
      const headers = { 'content-type': 'application/octet-stream' };
      const address = `${urlOf(blob)}?comp=block&blockid=${encodeURIComponent(id)}`;
      await ask(send, 201, { method: 'PUT', url: address, headers, body });
    },
    putBlockList: async (blob, ids, metadata) => {
      const list = ids.map((id) => `<Latest>${id}</Latest>`).join('');
      const body = `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`;
      const headers = { ...asNew, 'content-type': 'application/xml', ...headersOf(metadata) };
      await ask(send, 201, { method: 'PUT', url: `${urlOf(blob)}?comp=blocklist`, headers, body });
    },
    issueKey: async (startsMs, expiresMs) => {
      const body = `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${secondsOf(startsMs)}</Start><Expiry>${secondsOf(expiresMs)}</Expiry></KeyInfo>`;
      const address = `${root}/?restype=service&comp=userdelegationkey`;
      const headers = { 'content-type': 'application/xml' };
      return readKey(await ask(send, 200, { method: 'POST', url: address, headers, body }));
    },
    ...openListing({ send, root, container, urlOf }),
  };
}

interface Opened {
  readonly send: Transport;
  readonly root: string;
  readonly container: string;
  readonly urlOf: StoreClient['urlOf'];
}

/** What is asked about blobs that lie there already. */
function openListing({
  send,
  root,
  container,
  urlOf,
}: Opened): Pick<StoreClient, 'list' | 'describe' | 'remove'> {
  return {
    list: async (prefix, marker) => {
      const paging = { prefix, maxresults: String(pageSize), ...(marker === null ? {} : { marker }) };
      const query = new URLSearchParams({
        restype: 'container',
        comp: 'list',
        include: 'metadata',
        ...paging,
      });
      return readPage(await ask(send, 200, { method: 'GET', url: `${root}/${container}?${query}` }));
    },
    describe: async (blob, metadata) => {
      const headers = headersOf(metadata);
      await ask(send, 200, { method: 'PUT', url: `${urlOf(blob)}?comp=metadata`, headers });
    },
    remove: async (blob, version) => {
      await ask(send, 202, { method: 'DELETE', url: urlOf(blob), headers: { 'if-match': version } });
    },
  };
}

/** With all the metadata that a blob may have, a page stays within what an answer may. */
const pageSize = 500;

function headersOf(metadata: Metadata = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]));
}

const asNew = { 'if-none-match': '*', 'x-ms-blob-content-type': 'application/zip' };

/** A block on a line that nobody should have: 64 KiB a second. */
const slowestBytesPerMs = 64;

type Question = Pick<HttpRequest, 'method' | 'url' | 'body'> & Partial<Pick<HttpRequest, 'headers'>>;

async function ask(send: Transport, expected: number, question: Question): Promise<HttpAnswer> {
  const { body, headers = {} } = question;
  const bytes = typeof body === 'object' && 'bytes' in body ? body.bytes : 0;
  const answer = await send({
    ...question,
    headers: {
      accept: 'application/xml',
      'user-agent': 'slotwave',
      'x-ms-version': storageVersion,
      ...headers,
    },
    timeoutMs: requestTimeoutMs + Math.ceil(bytes / slowestBytesPerMs),
  });
  if (answer.status !== expected) throw new AnswerError(readStoreFacts(answer));
  return answer;
}

function readLength(answer: HttpAnswer): number {
  const length = Number(answer.headers['content-length'] || Number.NaN);
  if (!Number.isSafeInteger(length)) throw unreadable(answer, 'It does not say how long the blob is.');
  return length;
}

function readKey(answer: HttpAnswer): DelegationKey {
  const found = readElements(answer.body, 'UserDelegationKey');
  const textOf = (name: string) => found?.get(name) ?? '';
  const key = {
    ...{ oid: textOf('SignedOid'), tid: textOf('SignedTid'), value: textOf('Value') },
    ...{ startsMs: Date.parse(textOf('SignedStart')), expiresMs: Date.parse(textOf('SignedExpiry')) },
    ...{ service: textOf('SignedService'), version: textOf('SignedVersion') },
  };
  if (Object.values(key).some((value) => value === '' || Number.isNaN(value)))
    throw unreadable(answer, 'It is no user delegation key.');
  return key;
}

function readPage(answer: HttpAnswer): BlobPage {
  const found = readElement(answer.body);
  if (found?.name !== 'EnumerationResults') throw unreadable(answer, 'It is no list of blobs.');
  const blobs = childOf(found, 'Blobs')?.elements.filter(({ name }) => name === 'Blob') ?? [];
  return {
    blobs: blobs.flatMap((blob) => readBlob(blob) ?? []),
    next: childOf(found, 'NextMarker')?.text || null,
  };
}

/** Null: something in it is not told, so nothing can be known about it. */
function readBlob(blob: Element): ListedBlob | null {
  const properties = childOf(blob, 'Properties');
  const textOf = (name: string) => (properties && childOf(properties, name)?.text) ?? '';
  const [name = '', etag] = [childOf(blob, 'Name')?.text, textOf('Etag')];
  const [bytes, changedMs] = [
    Number(textOf('Content-Length') || 'none'),
    Date.parse(textOf('Last-Modified')),
  ];
  if (name === '' || etag === '' || Number.isNaN(bytes) || Number.isNaN(changedMs)) return null;
  const told = childOf(blob, 'Metadata')?.elements ?? [];
  const metadata = Object.fromEntries(told.map((each) => [each.name.toLowerCase(), each.text]));
  // In the list it stands bare, in a condition in quotes.
  const version = etag.startsWith('"') ? etag : `"${etag}"`;
  return { name, bytes, changedMs, version, metadata };
}

function childOf({ elements }: Element, wanted: string): Element | undefined {
  return elements.find(({ name }) => name === wanted);
}

/** Never with a word of the answer: it may be a key after all. */
function unreadable(answer: HttpAnswer, message: string): AnswerError {
  return new AnswerError({ ...readErrorFacts({ ...answer, body: '' }, 0), code: null, message });
}

/** Outside of the signature: a request may wait for its turn longer than a token is good. */
function govern(governor: Governor, host: string, transport: Transport): Transport {
  const visit = { host, who: 'the store', site: null };
  return (request) =>
    governed(
      () => governor.enterHost(visit),
      () => transport(request),
    );
}

/** Never signs for another origin. */
function sign({ transport, tokens }: StoreClientParts, origin: string): Transport {
  return async (request) => {
    if (new URL(request.url).origin !== origin)
      throw new DefectError(`The token for ${origin} is for nobody else.`, {
        code: 'link-to-stranger',
        where: origin,
      });
    const token = await tokens.current();
    const answer = await transport({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${token}` },
    });
    if (answer.status === 401) tokens.drop(token);
    return answer;
  };
}
