/** What Azure does not have: a look at the world from outside of it, and new faults while it runs. */
import { parse } from 'yaml';
import type { Emulator } from '../emulator.ts';
import type { FaultInput } from '../faults/schema.ts';
import { isManagement } from '../network/addresses.ts';
import { BadInput } from '../problem.ts';
import { redactSnapshot } from '../snapshot.ts';

const prefix = '/_emulator/';

export function isControlPath({ origin }: Emulator, request: Request): boolean {
  const url = new URL(request.url);
  return url.pathname.startsWith(prefix) && isManagement(origin, url.hostname);
}

/** `GET snapshot`, `GET history[?after=N]`, `POST faults` (YAML or JSON). Values of settings are not told here. */
export async function answerControl(emulator: Emulator, request: Request): Promise<Response> {
  const url = new URL(request.url);
  switch (`${request.method} ${url.pathname.slice(prefix.length)}`) {
    case 'GET snapshot':
      return Response.json(redactSnapshot(emulator.snapshot()));
    case 'GET history':
      return Response.json(emulator.history.slice(Number(url.searchParams.get('after') ?? 0) || 0));
    case 'POST faults':
      return replaceFaults(emulator, await request.text());
    default:
      return Response.json({ error: 'There is GET snapshot, GET history and POST faults.' }, { status: 404 });
  }
}

function replaceFaults(emulator: Emulator, text: string): Response {
  try {
    // What it is is found out by setFaults, which takes nothing on trust.
    emulator.setFaults((parse(text) ?? []) as readonly FaultInput[]);
    return Response.json({ faults: 'replaced' });
  } catch (thrown) {
    if (thrown instanceof BadInput)
      return Response.json(
        { error: 'The faults cannot be used.', problems: thrown.problems },
        { status: 400 },
      );
    if (thrown instanceof Error && thrown.name === 'YAMLParseError')
      return Response.json({ error: thrown.message }, { status: 400 });
    throw thrown;
  }
}
