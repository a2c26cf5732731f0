/** World and faults as files: YAML (or JSON, which is YAML), with the line of every problem. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { type FaultInput, readFaults } from './faults/schema.ts';
import { fieldOf } from './incoming.ts';
import { BadInput, type InputProblem } from './problem.ts';
import { readWorld, type WorldInput } from './world/schema.ts';

/** Reads and checks a world file. Paths of packages are relative to it. Throws BadInput with every problem. */
export function loadWorld(file: string): WorldInput {
  const { value, locate } = readYaml(file);
  const world = locate(() => {
    readWorld(value, file);
    return value as WorldInput;
  });
  const missing: InputProblem[] = [];
  const place = <T extends object>(place: T, path: readonly (string | number)[]): T => {
    const source: unknown = fieldOf(place, 'package');
    if (typeof source !== 'string') return place;
    const absolute = resolve(dirname(file), source);
    if (!existsSync(absolute))
      missing.push({ path: [...path, 'package'], message: `there is no ${absolute}` });
    return { ...place, package: absolute };
  };
  const sites = world.sites.map((site, index) => {
    const slots = site.slots?.map((slot, at) => place(slot, ['sites', index, 'slots', at]));
    return { ...place(site, ['sites', index]), ...(slots === undefined ? {} : { slots }) };
  });
  if (missing.length > 0)
    locate(() => {
      throw new BadInput(file, missing);
    });
  return { ...world, sites };
}

/** Reads and checks a faults file. Throws BadInput with every problem. */
export function loadFaults(file: string): readonly FaultInput[] {
  const { value, locate } = readYaml(file);
  return locate(() => {
    readFaults(value, file);
    return (value ?? []) as readonly FaultInput[];
  });
}

interface YamlFile {
  readonly value: unknown;
  /** Runs a check; the problems that it throws get their lines. */
  locate<T>(check: () => T): T;
}

function readYaml(file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({
      path: [],
      line: lines.linePos(pos[0]).line,
      message: message.split('\n')[0]!,
    }));
    throw new BadInput(file, problems);
  }
  return {
    value: document.toJS() as unknown,
    locate: (check) => {
      try {
        return check();
      } catch (thrown) {
        if (!(thrown instanceof BadInput)) throw thrown;
        throw new BadInput(
          file,
          thrown.problems.map((problem) => ({ ...problem, line: lineOf(document, lines, problem.path) })),
        );
      }
    },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new BadInput(file, [
      { path: [], message: thrown instanceof Error ? thrown.message : String(thrown) },
    ]);
  }
}

/** The line of a value, or of the nearest thing around it that is there. */
function lineOf(document: Document, lines: LineCounter, path: InputProblem['path']): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
