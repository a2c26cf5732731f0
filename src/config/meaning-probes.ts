/** What is asked of an app and cannot be meant: names that are taken, times that do not fit, questions nobody can answer. */
import type { Path } from './document.ts';
import { parseDuration } from './duration.ts';
import { quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { asList, asMapping, asText, type Mapping } from './outline.ts';

export function checkProbes(root: Mapping, probes: Mapping): readonly Complaint[] {
  return [
    ...checkCheckNames(probes),
    ...asList(probes['checks']).flatMap((written, at) => checkRequest(asMapping(written), at, probes)),
    ...checkDeadline(probes),
    ...checkPrivacy(root, probes),
  ];
}

function checkCheckNames(probes: Mapping): readonly Complaint[] {
  const seen = new Set(ownNames);
  return asList(probes['checks']).flatMap((written, at) => {
    const name = asText(asMapping(written)['name']);
    if (name === null) return [];
    const taken = seen.has(name);
    seen.add(name);
    const expected = `a name of its own for every check; ${ownNames.join(', ')} are taken`;
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

/** What the looks call their own findings. */
const ownNames = ['host', 'functions', 'release', 'private', 'certificate', 'exposure', 'references'];

function checkRequest(check: Mapping, at: number, probes: Mapping): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const method = asText(check['method'] ?? 'GET');
  if (check['body'] !== undefined && (method === 'GET' || method === 'HEAD')) {
    const next = 'Leave the body out, or name the method: POST.';
    const message = `is not sent with ${method}`;
    complaints.push({ path: ['probes', 'checks', at, 'body'], atKey: true, message, next });
  }
  const maxLatency = asText(asMapping(check['expect'])['maxLatency']);
  const allowedMs = parseDuration(maxLatency ?? '');
  const timeoutMs = parseDuration(asText(probes['timeout'] ?? '5s') ?? '');
  if (allowedMs === null || timeoutMs === null || allowedMs < timeoutMs) return complaints;
  return [
    ...complaints,
    {
      path: ['probes', 'checks', at, 'expect', 'maxLatency'],
      message: 'is never exceeded: probes.timeout ends every look before',
      found: quote(maxLatency ?? ''),
      expected: `less than ${timeoutMs / 1000}s`,
      next: 'Lower it, or raise probes.timeout.',
    },
  ];
}

/** From these an address of the app is never seen: every target would end without an answer. */
function checkPrivacy(root: Mapping, probes: Mapping): readonly Complaint[] {
  if (probes['requirePrivate'] !== true) return [];
  const own = asList(asMapping(root['fleet'])['targets']).flatMap((target, at): readonly Complaint[] =>
    refuseBlind(asMapping(target)['vantage'], ['fleet', 'targets', at, 'vantage', 'via']),
  );
  return [...own, ...refuseBlind(probes['vantage'], ['probes', 'vantage', 'via'])];
}

function refuseBlind(vantage: unknown, path: Path): readonly Complaint[] {
  const { via } = asMapping(vantage);
  if (via !== 'arm' && via !== 'proxy') return [];
  return [
    {
      path,
      message: 'does not tell over which address an app answers, and probes.requirePrivate asks for that',
      found: via,
      expected: 'direct, dns or private-endpoint',
      next: 'Leave probes.requirePrivate out; probes.exposure: closed asks whether the public way is shut.',
    },
  ];
}
