/** Which version of its language a package is made for, where a file in it says so: .NET writes it down, Node may. */

export interface VersionNeed {
  /** As `FUNCTIONS_WORKER_RUNTIME` names it. */
  readonly language: string;
  readonly major: number;
  /** Whether a later one does as well. .NET starts with the major version that it was built for, and no other. */
  readonly orLater: boolean;
  /** The file that told. */
  readonly evidence: string;
}

/** Null where there is none, or several that might not agree. */
export function versionFileOf(runtime: string, paths: readonly string[]): string | null {
  if (runtime === 'node') return 'package.json';
  if (runtime !== 'dotnet-isolated') return null;
  const found = paths.filter((path) => /^[^/]+\.runtimeconfig\.json$/.test(path));
  return found.length === 1 ? found[0]! : null;
}

/** What cannot be read tells nothing. */
export function tellNeed(language: string, evidence: string, text: string): VersionNeed | null {
  const document = parse(text);
  const told = language === 'node' ? readEngines(document) : readFramework(document);
  return told && { language, evidence, ...told };
}

type Told = Pick<VersionNeed, 'major' | 'orLater'> | null;

/** The lowest major version of `>=20.11`, `^20 || ^22`; what has no lower end names none. */
function readEngines(document: unknown): Told {
  const range = at(document, 'engines', 'node');
  if (typeof range !== 'string') return null;
  const majors = range
    .split('||')
    .map((part) => Number(/^\s*(?:>=|\^|~|=|v)*\s*(\d+)(?![\w-])/.exec(part)?.[1]));
  return majors.every(Number.isInteger) ? { major: Math.min(...majors), orLater: true } : null;
}

/** An app that brings its runtime along has `includedFrameworks`, and needs none of the machine's. */
function readFramework(document: unknown): Told {
  const options = at(document, 'runtimeOptions');
  const [one, several] = [at(options, 'framework'), at(options, 'frameworks')];
  const listed: readonly unknown[] = Array.isArray(several) ? several : [one];
  const versions = listed.map((each) => at(each, 'version'));
  const majors = versions.map((each) => Number(/^(\d+)\./.exec(typeof each === 'string' ? each : '')?.[1]));
  if (!majors.every(Number.isInteger) || new Set(majors).size !== 1) return null;
  const rolls = at(options, 'rollForward');
  return { major: majors[0]!, orLater: typeof rolls === 'string' && /major/i.test(rolls) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch {
    return null;
  }
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined,
    value,
  );
}
