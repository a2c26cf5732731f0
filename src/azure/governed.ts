/** A request that waits for its turn, and tells what came of it. */
import type { Pass } from './lane.ts';

/** @throws TransientError of the governor, when it was not sent; what `send` throws. */
export async function governed<T extends Parameters<Pass['answered']>[0]>(
  enter: () => Promise<Pass>,
  send: () => Promise<T>,
): Promise<T> {
  const pass = await enter();
  try {
    const answer = await send();
    pass.answered(answer);
    return answer;
  } catch (error) {
    pass.answered(null);
    throw error;
  }
}
