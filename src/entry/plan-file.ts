/** A plan in a file: written by `plan --out`, read by `deploy <file>`. */
import { readFile, writeFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { demandFolderOf, tellFileError } from './file-errors.ts';

/** Asked before the work that leads to the plan. */
export function demandPlanPlace(file: string): Promise<void> {
  return demandFolderOf(file, { what: 'The plan', code: 'plan-unwritable', next: otherPlace });
}

const otherPlace = 'Make the folder, or name another place: slotwave plan --out plan.json';

export async function writePlan(file: string, plan: Plan): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw new InputError(`The plan cannot be written: ${tellFileError(error)}`, {
      code: 'plan-unwritable',
      where: file,
      next: otherPlace,
      cause: error,
    });
  }
}

export async function readPlan(file: string): Promise<Plan> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError(`The plan cannot be read: ${tellFileError(error)}`, {
      code: 'plan-unreadable',
      where: file,
      next: 'Make one: slotwave plan --out plan.json',
      cause: error,
    });
  }
  const plan = parse(text);
  if (plan !== null) return plan;
  throw new InputError('This is not a plan that this version of slotwave has made.', {
    code: 'plan-unreadable',
    where: file,
    next: 'Make it again: slotwave plan --out plan.json',
  });
}

/**
 * Only what identifies a plan is looked at: what is carried out is the plan that is made anew and found to be the
 * same in everything it rests on.
 */
function parse(text: string): Plan | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof document !== 'object' || document === null) return null;
  const {
    version,
    app,
    cloud,
    package: packed,
    configDigest,
    fleetDigest,
    targets,
  } = document as Partial<Plan>;
  const texts = [app, cloud, configDigest, fleetDigest, packed?.digest];
  const named =
    Array.isArray(targets) && targets.every((each) => typeof each?.facts?.target?.name === 'string');
  return version === 1 && named && texts.every((each) => typeof each === 'string')
    ? (document as Plan)
    : null;
}
