/** A queue between those who tell and the one who listens. Telling never waits. */
export interface Feed<T> {
  readonly events: AsyncIterable<T>;
  push(event: T): void;
  end(): void;
}

export function createFeed<T>(): Feed<T> {
  const waiting: T[] = [];
  let ended = false;
  let wake: (() => void) | null = null;
  const stir = () => {
    wake?.();
    wake = null;
  };
  async function* read(): AsyncGenerator<T> {
    for (;;) {
      const batch = waiting.splice(0);
      yield* batch;
      if (waiting.length > 0) continue;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    events: read(),
    push(event) {
      waiting.push(event);
      stir();
    },
    end() {
      ended = true;
      stir();
    },
  };
}
