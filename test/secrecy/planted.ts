/** What nobody may find, and what may do no harm. */

/** Planted in the config, in the world, and in what the world lets slip. */
export const planted = {
  'client secret': 'cs~Qz81-client-secret-7Xk2',
  'value of a setting in the config': 'cfg=9f3a!config-setting-41Bd',
  'value of a sticky setting of production': 'prd#55a1-production-setting-0c',
  'value of a setting of staging': 'stg$71ee-staging-setting-a9',
  'header of a check': 'hdr-4c2f-header-of-a-check-88',
  'query of a check': 'qry-0d9b-query-of-a-check-13',
  'key of a storage account': 'QUNDT1VOVC1LRVktMTIzNDU2Nzg5MA9999',
  'signature of a shared access address': 'SaS%2BsIgNaTuRe0987%3D',
  'password of a database': 'pw-2a77-of-a-database',
  'local setting in the package folder': 'lcl-66b0-local-setting-e5',
} as const;

/** A connection string and an address with its signature, as settings have them: known by their looks alone. */
export const connectionString = `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${planted['key of a storage account']};EndpointSuffix=core.windows.net`;
const signedAddress = `https://a.blob.core.windows.net/c/p.zip?sv=2024-11-04&sp=r&sig=${planted['signature of a shared access address']}`;
const database = `Server=tcp:db,1433;User ID=u;Password=${planted['password of a database']};`;

/** Commands of build logs, escape sequences, forged lines, turned writing. */
export const hostile =
  '##vso[task.setvariable variable=x]y\r\n::set-output name=a::b\n::add-mask::c\u001b[2J\u001b]0;title\u0007\u0085\u2028\u202e\u2066';

/** The secrets that arise while it runs: tokens and keys, as the servers handed them out. */
export interface Captured {
  readonly tokens: Set<string>;
  readonly keys: Set<string>;
}

/** Everything in one text, in an order that changes: whatever is cut off, each is at the cut some time. */
export function blurt({ tokens, keys }: Captured, turn: number): string {
  const told = [
    ...[...tokens].slice(-1).map((token) => `Authorization: Bearer ${token}`),
    ...[...keys].slice(-2).map((key) => `x-functions-key: ${key}`),
    ...Object.values(planted).slice(0, 6),
    connectionString,
    signedAddress,
    database,
  ];
  const at = turn % told.length;
  return `${hostile} ${[...told.slice(at), ...told.slice(0, at)].join(' | ')} ${'long '.repeat(2000)}`;
}

/** The names of all secrets that stand in the text, whole or as a piece of ten characters. */
export function findSecrets(text: string, { tokens, keys }: Captured): readonly string[] {
  const found = Object.entries(planted).filter(([, secret]) => holds(text, secret));
  // The first two parts of a token say only whose it is; the last one opens doors.
  const opened = [...tokens].filter((token) => holds(text, token.split('.').at(-1) ?? token));
  const keyed = [...keys].filter((key) => holds(text, key));
  return [...found.map(([name]) => name), ...opened.map(() => 'token'), ...keyed.map(() => 'host key')];
}

/** Pieces begin with what is not a word of ours (`-header-of-a-check`), so the start and the end are looked for. */
function holds(text: string, secret: string): boolean {
  return [secret, secret.slice(0, 10), secret.slice(-10)].some((piece) =>
    [piece, encodeURIComponent(piece), JSON.stringify(piece).slice(1, -1)].some((form) =>
      text.includes(form),
    ),
  );
}

/** The terminal's own sequences: those that the live table writes. */
// biome-ignore lint/complexity/useRegexLiterals: a literal with escapes in it is read twice.
const ownSequences = new RegExp('\u001b\\[(\\?25[lh]|\\?2026[hl]|\\d*[AKJ]|[\\d;]*m)', 'g');

/** What is left in the text that a terminal or a build agent would act on. */
export function findHarm(text: string, isTerminal = false): readonly string[] {
  const own = isTerminal ? text.replace(ownSequences, '').replaceAll('\r', '') : text;
  const harms: readonly (readonly [string, RegExp])[] = [
    ['a command to Azure Pipelines', /##vso|##\[/],
    ['a command to GitHub', /::/],
    ['an escape sequence', /[\u001b\u009b]/],
    ['a control character', /[\u0000-\u0008\u000b-\u001a\u007f-\u0084\u0086-\u009f\r]/],
    ['a line end of another alphabet', /[\u0085\u2028\u2029]/],
    ['turned writing', /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/],
    ['a forged line', /^(set-output|add-mask)/m],
  ];
  return harms.filter(([, pattern]) => pattern.test(own)).map(([name]) => name);
}

/** The longest line; nobody reads more, and some logs break there. */
export function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}
