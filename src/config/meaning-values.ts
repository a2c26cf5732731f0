/** Values that are asked for too early, that cannot work together, or that hope for an expansion nobody does. */
import type { Path } from './document.ts';
import { parseDuration } from './duration.ts';
import { isSecret, quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { checkDelivery } from './meaning-delivery.ts';
import { checkSwap } from './meaning-swap.ts';
import { asList, asMapping, asText, type Mapping } from './outline.ts';

export function checkValues(data: unknown): readonly Complaint[] {
  const root = asMapping(data);
  const probes = asMapping(root['probes']);
  return [
    ...findUnsupported(root, probes),
    ...findVariables(data, []),
    ...checkCheckNames(probes),
    ...checkDeadline(probes),
    ...findZeros(root, probes),
    ...findOwnSettings(root),
    ...checkDelivery(root['delivery']),
    ...checkSwap(root),
  ];
}

function findUnsupported(root: Mapping, probes: Mapping): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const via = asMapping(probes['vantage'])['via'];
  if (typeof via === 'string' && ['private-endpoint', 'proxy', 'dns', 'arm'].includes(via)) {
    const next = 'Run slotwave inside the network and use direct, or leave it out.';
    complaints.push({
      path: ['probes', 'vantage', 'via'],
      message: 'is not supported yet',
      found: quote(via),
      expected: 'direct',
      next,
    });
  }
  if (probes['requirePrivate'] === true) {
    const next = 'Leave it out, or write false.';
    complaints.push({
      path: ['probes', 'requirePrivate'],
      message: 'is not supported yet',
      found: 'true',
      expected: 'false',
      next,
    });
  }
  if (asMapping(root['state'])['blob'] !== undefined) {
    const next = 'Leave it out: journal and lock are kept in the folder of --state.';
    complaints.push({
      path: ['state', 'blob'],
      atKey: true,
      message: 'is not supported yet',
      found: 'a blob container',
      next,
    });
  }
  return complaints;
}

/** `${NAME}`, `$(NAME)` and `${{ … }}`: what shells, Azure Pipelines and GitHub would have expanded. `$$` escapes. */
const variable = /(?<!\$)\$(?:\{[A-Z_][A-Z0-9_]*\}|\([A-Za-z_][\w.]*\)|\{\{.*?\}\})/;

function findVariables(value: unknown, path: Path): readonly Complaint[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, at) => findVariables(item, [...path, at]));
  if (typeof value !== 'string') {
    return Object.entries(asMapping(value)).flatMap(([key, item]) => findVariables(item, [...path, key]));
  }
  const match = variable.exec(value);
  if (!match) return [];
  return [
    {
      path,
      message: 'refers to a variable, and environment variables are not expanded',
      found: isSecret(path) ? 'a reference to a variable' : quote(match[0]),
      expected: 'the value itself',
      next: 'Write the value, or have your pipeline write it into this file; for a plain "$" of this kind write "$$".',
    },
  ];
}

function checkCheckNames(probes: Mapping): readonly Complaint[] {
  const seen = new Set(['host', 'functions', 'release']);
  return asList(probes['checks']).flatMap((written, at) => {
    const name = asText(asMapping(written)['name']);
    if (name === null) return [];
    const taken = seen.has(name);
    seen.add(name);
    const expected = 'a name of its own for every check; host, functions and release are taken';
    return taken
      ? [{ path: ['probes', 'checks', at, 'name'], message: 'is taken', found: quote(name), expected }]
      : [];
  });
}

/** A deadline that ends before enough looks are possible would refuse every release. */
function checkDeadline(probes: Mapping): readonly Complaint[] {
  const readMs = (key: string, fallback: string) => parseDuration(asText(probes[key] ?? fallback) ?? '');
  const [deadlineMs, intervalMs, delayMs] = [
    readMs('deadline', '5m'),
    readMs('interval', '10s'),
    readMs('initialDelay', '0s'),
  ];
  const looks = probes['consecutiveSuccessLimit'] ?? 3;
  if (deadlineMs === null || intervalMs === null || delayMs === null || typeof looks !== 'number') return [];
  const neededMs = delayMs + (looks - 1) * intervalMs;
  if (deadlineMs === 0 || deadlineMs > neededMs) return [];
  return [
    {
      path: ['probes', ...('deadline' in probes ? ['deadline'] : [])],
      message: `ends before ${looks} healthy looks in a row are possible`,
      found: `${deadlineMs / 1000}s`,
      expected: `more than ${neededMs / 1000}s: initialDelay and ${looks - 1} × interval`,
      next: 'Raise deadline, or lower interval or consecutiveSuccessLimit.',
    },
  ];
}

function findZeros(root: Mapping, probes: Mapping): readonly Complaint[] {
  const candidates: readonly (readonly [Path, unknown])[] = [
    [['strategy', 'progressDeadline'], asMapping(root['strategy'])['progressDeadline']],
    ...['interval', 'timeout', 'deadline'].map((key) => [['probes', key], probes[key]] as const),
  ];
  return candidates.flatMap(([path, value]) => {
    if (typeof value !== 'string' || parseDuration(value) !== 0) return [];
    return [
      { path, message: 'leaves no time at all', found: quote(value), expected: 'a duration above zero' },
    ];
  });
}

function findOwnSettings(root: Mapping): readonly Complaint[] {
  return Object.keys(asMapping(root['settings']))
    .filter((name) => name.toUpperCase() === stampName)
    .map((name) => {
      const message =
        'is the setting by which slotwave tells releases apart, and is written by slotwave alone';
      return { path: ['settings', name], atKey: true, message, next: 'Remove it.' };
    });
}

/** The same word as release/release.ts; a test holds the two together, because config imports no sibling. */
const stampName = 'SLOTWAVE_RELEASE_ID';
