import { exitCodes } from './errors.ts';

export interface StopSignal {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Gives the signals back to whoever comes next. */
  dispose(): void;
}

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal asks the rollout to stop where it can be resumed; a second one ends the process at once. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  const onSignal = (name: (typeof names)[number]) => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(name);
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of names) process.removeListener(name, onSignal);
    },
  };
}
