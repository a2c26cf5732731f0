/** Values that are asked for too early, that cannot work together, or that hope for an expansion nobody does. */
import type { Path } from './document.ts';
import { parseDuration } from './duration.ts';
import { findEnvNames, isEnvPlace } from './env-text.ts';
import { isSecret, quote } from './found.ts';
import type { Complaint } from './meaning.ts';
import { checkDelivery } from './meaning-delivery.ts';
import { checkProbes } from './meaning-probes.ts';
import { checkSwap } from './meaning-swap.ts';
import { checkVantages } from './meaning-vantage.ts';
import { asMapping, type Mapping } from './outline.ts';

export function checkValues(data: unknown): readonly Complaint[] {
  const root = asMapping(data);
  const probes = asMapping(root['probes']);
  return [
    ...findUnsupported(root),
    ...checkVantages(root),
    ...findVariables(data, []),
    ...checkProbes(root, probes),
    ...findZeros(root, probes),
    ...findOwnSettings(root),
    ...checkDelivery(root['delivery']),
    ...checkSwap(root),
  ];
}

function findUnsupported(root: Mapping): readonly Complaint[] {
  const complaints: Complaint[] = [];
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
const variable = /(?<!\$)\$(?:\{(?:[A-Z_][A-Z0-9_]*|env:[^}]*)\}|\([A-Za-z_][\w.]*\)|\{\{.*?\}\})/;

function findVariables(value: unknown, path: Path): readonly Complaint[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, at) => findVariables(item, [...path, at]));
  if (typeof value !== 'string') {
    return Object.entries(asMapping(value)).flatMap(([key, item]) => findVariables(item, [...path, key]));
  }
  const fromEnvironment = isEnvPlace(path);
  const match = variable.exec(fromEnvironment ? withoutReferences(value) : value);
  if (!match) return [];
  return [
    {
      path,
      message: fromEnvironment
        ? 'refers to a variable in a form that is not known here'
        : 'refers to a variable, and variables are not expanded here',
      found: isSecret(path) ? 'a reference to a variable' : quote(match[0]),
      expected: fromEnvironment ? '${env:NAME}, or the value itself' : 'the value itself',
      next: 'Write the value, or have your pipeline write it into this file; for a plain "$" of this kind write "$$".',
    },
  ];
}

/** What is left when everything that will be expanded is taken out. */
function withoutReferences(text: string): string {
  return findEnvNames(text).reduce((rest, name) => rest.replaceAll(`\${env:${name}}`, ''), text);
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
