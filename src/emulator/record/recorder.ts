/** Exchanges with ARM as lines to keep: each shape once, with nothing in it that was anybody's. */
import type { ArmExchange } from './channel.ts';
import { type Discretion, replaceLeaves, replaceMap, replacePath } from './placeholder.ts';

/** What is written of an exchange: its values are replaced by others of the same kind. */
export interface RecordedExchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Null: the emulator answered without reading it. */
  readonly asked: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: somebody else's stream. */
  readonly answered: string | null;
}

export interface Recorder {
  /** How many exchanges about Microsoft.Web were taken, and how many about anything else were passed over. */
  readonly counts: { taken: number; passedOver: number };
  take(exchange: ArmExchange): void;
}

/** Whoever polls gets the same answer again and again: so many of the last exchanges are known without a look inside. */
const rememberedLimitChars = 4 * 1024 * 1024;

/** Calls `keep` for each new shape, at once. Nothing is ever thrown at whoever has the exchange. */
export function createRecorder(keep: (recorded: RecordedExchange) => void): Recorder {
  const seen = new Set<string>();
  const remembered = new Set<string>();
  let rememberedChars = 0;
  const counts = { taken: 0, passedOver: 0 };
  return {
    counts,
    take: (exchange) => {
      if (!/\/providers\/Microsoft\.Web\//i.test(exchange.url.pathname)) {
        counts.passedOver++;
        return;
      }
      counts.taken++;
      const whole = tellWhole(exchange);
      if (remembered.has(whole)) return;
      rememberedChars += whole.length;
      if (rememberedChars > rememberedLimitChars) {
        remembered.clear();
        rememberedChars = whole.length;
      }
      remembered.add(whole);
      const recorded = replaceAll(exchange);
      const shape = JSON.stringify(recorded);
      if (seen.has(shape)) return;
      seen.add(shape);
      keep(recorded);
    },
  };
}

/** Everything that `replaceAll` looks at, as it is. Kept in memory only. */
function tellWhole({ method, url, asked, status, headers, answered }: ArmExchange): string {
  const told = spokenOf.map((name) => headers.get(name));
  const known = [asked !== null, answered !== null];
  return [method, url.href, status, ...told, ...known, asked, answered].join('\n');
}

/** The headers of an answer of which its OpenAPI speaks. */
const spokenOf = ['content-type', 'retry-after', 'location', 'azure-asyncoperation'] as const;

function replaceAll({ method, url, asked, status, headers, answered }: ArmExchange): RecordedExchange {
  const { pathname } = url;
  return {
    method,
    path: `${replacePath(pathname)}${replaceQuery(url.searchParams)}`,
    asked: asked === null ? null : replaceBody(asked, pathname),
    status,
    headers: replaceHeaders(headers),
    answered: answered === null ? null : replaceBody(answered, pathname),
  };
}

/** Whose `properties` are a map with names and values of the app's owner. */
const ownMaps = /\/config\/(appsettings|connectionstrings|metadata|azurestorageaccounts)(\/list)?\/?$/i;
/** What else is secret as a whole. */
const secretPaths =
  /\/(config\/(authsettings\w*|publishingcredentials)(\/list)?|listkeys|listsecrets|publishxml|keys\/[^/]+)\/?$/i;

function replaceBody(text: string, path: string): string {
  if (text === '') return '';
  const value = parse(text);
  if (value === undefined) return 'text';
  const isOwnMap = ownMaps.test(path);
  const discretion: Discretion = isOwnMap || secretPaths.test(path) ? 'secret' : 'open';
  if (!isOwnMap || typeof value !== 'object' || value === null) return replaceLeaves(value, discretion);
  const fields = Object.entries(value).map(([name, inner]: [string, unknown]) => {
    const isMap = name.toLowerCase() === 'properties' && typeof inner === 'object' && inner !== null;
    const replaced = isMap && !Array.isArray(inner) ? replaceMap(inner) : replaceLeaves(inner, 'open', name);
    return `${JSON.stringify(name)}:${replaced}`;
  });
  return `{${fields.join(',')}}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The names of a query are part of the protocol; its values stay where they say yes, no, or which version. */
function replaceQuery(query: URLSearchParams): string {
  const pairs = [...query]
    .map(([name, value]) => [name, /^(true|false|\d{4}-\d\d-\d\d(-\w+)?)$/i.test(value) ? value : 'text'])
    .map((pair) => pair.join('='));
  return pairs.length === 0 ? '' : `?${[...new Set(pairs)].sort().join('&')}`;
}

function replaceHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of spokenOf) {
    const value = headers.get(name);
    if (value === null) continue;
    if (name === 'content-type') kept[name] = value;
    else if (name === 'retry-after') kept[name] = /^\d+$/.test(value) ? '1' : 'text';
    else kept[name] = replaceAddress(value);
  }
  return kept;
}

function replaceAddress(address: string): string {
  if (!URL.canParse(address)) return 'text';
  const { pathname, searchParams } = new URL(address);
  return `https://localhost${replacePath(pathname)}${replaceQuery(searchParams)}`;
}
