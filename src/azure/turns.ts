/** How much may begin in one turn of the event loop. */
export interface Turns {
  /** Resolves when it may begin: at once while few have begun in this turn, else in one of the next. */
  take(): Promise<void>;
}

/**
 * To begin a request takes a part of a millisecond, most of it its own connection's. A fleet that begins to look at
 * the same moment would take a tenth of a second for that, in which no timer fires and no answer is heard.
 */
export function createTurns(perTurn: number): Turns {
  let begun = 0;
  let isCounting = false;
  const waiting: (() => void)[] = [];
  const endTurn = () => {
    isCounting = false;
    begun = 0;
    for (const begin of waiting.splice(0, perTurn)) {
      count();
      begin();
    }
  };
  const count = () => {
    begun++;
    if (isCounting) return;
    isCounting = true;
    setImmediate(endTurn);
  };
  return {
    take: () => {
      if (begun >= perTurn) return new Promise((resolve) => waiting.push(resolve));
      count();
      return Promise.resolve();
    },
  };
}
