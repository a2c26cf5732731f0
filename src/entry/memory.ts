/** How much memory this process may take without need. */
import { setFlagsFromString } from 'node:v8';

/**
 * On a machine with much memory V8 lets the space for new objects grow to a hundred megabytes, where all that a
 * rollout has to tell is garbage a moment later. V8 reads this flag each time it is about to let it grow; where
 * somebody has said what they want, nothing is changed.
 */
export function keepYoungSpaceSmall(
  said: readonly string[] = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''],
): boolean {
  if (said.some((words) => words.includes('semi-space'))) return false;
  setFlagsFromString('--semi-space-growth-factor=1');
  return true;
}
