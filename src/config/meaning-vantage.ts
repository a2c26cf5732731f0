/** Which fields go with which vantage, and what a vantage cannot be used for. */
import type { Path } from './document.ts';
import type { Complaint } from './meaning.ts';
import { asList, asMapping, type Mapping } from './outline.ts';

export function checkVantages(root: Mapping): readonly Complaint[] {
  const probes = asMapping(root['probes']);
  const targets = asList(asMapping(root['fleet'])['targets']);
  const from = asMapping(probes['exposure'])['from'];
  return [
    ...checkVantage(probes['vantage'], ['probes', 'vantage']),
    ...targets.flatMap((target, at) =>
      checkVantage(asMapping(target)['vantage'], ['fleet', 'targets', at, 'vantage']),
    ),
    ...checkVantage(from, ['probes', 'exposure', 'from']),
    ...checkOutside(from),
  ];
}

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  direct: [],
  'private-endpoint': ['address', 'addresses'],
  dns: ['servers'],
  proxy: ['proxy'],
  arm: [],
};

const fields = ['address', 'addresses', 'servers', 'proxy'];

function checkVantage(written: unknown, path: Path): readonly Complaint[] {
  const vantage = asMapping(written);
  const via = vantage['via'] ?? 'direct';
  const own = typeof via === 'string' ? fieldsOf[via] : undefined;
  if (own === undefined) return [];
  const complaints: Complaint[] = fields
    .filter((field) => vantage[field] !== undefined && !own.includes(field))
    .map((field) => ({
      path: [...path, field],
      atKey: true,
      message: `does not go with via: ${String(via)}`,
      next: `Leave it out, or write via: ${ownerOf(field)}.`,
    }));
  const needed = via === 'dns' ? 'servers' : via === 'proxy' ? 'proxy' : null;
  if (needed !== null && vantage[needed] === undefined) {
    const example = needed === 'servers' ? 'servers: [10.0.0.4]' : 'proxy: http://proxy.example:3128';
    complaints.push({
      path,
      message: `needs ${needed} with via: ${String(via)}`,
      next: `Write { via: ${String(via)}, ${example} }.`,
    });
  }
  if (vantage['address'] !== undefined && vantage['addresses'] !== undefined)
    complaints.push({
      path: [...path, 'addresses'],
      atKey: true,
      message: 'cannot stand beside address',
      next: 'Keep addresses where the slots have different ones, else address.',
    });
  return complaints;
}

function ownerOf(field: string): string {
  return Object.entries(fieldsOf).find(([, own]) => own.includes(field))?.[0] ?? 'direct';
}

/** Exposure is about the public way: what stands inside sees an open door only from behind. */
function checkOutside(from: unknown): readonly Complaint[] {
  const via = asMapping(from)['via'];
  if (via !== 'private-endpoint' && via !== 'arm') return [];
  return [
    {
      path: ['probes', 'exposure', 'from', 'via'],
      message: 'does not stand outside',
      found: via,
      expected: 'direct, dns or proxy',
    },
  ];
}
