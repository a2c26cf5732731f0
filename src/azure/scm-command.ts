/** A tool of the SCM site, run in the place of the app (azure-platform.md §5.3). Windows only: Linux has none of them. */
import type { Target } from '../plan/fleet.ts';
import type { Side } from '../probe/verdict.ts';
import type { Arm } from './arm.ts';
import { AnswerError } from './error-facts.ts';
import type { Governor } from './governor.ts';
import type { Road } from './road.ts';
import { openSession } from './scm-session.ts';
import { parseObject, stringOf } from './server-text.ts';
import { readSite, readSlot, sitePath } from './site-client.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

/** What it wrote; null where there is no such tool. Rejects as a read of the SCM site does. */
export type ScmCommand = (target: Target, side: Side, command: string) => Promise<string | null>;

export interface ScmCommandParts {
  readonly arm: Arm;
  readonly tokens: Tokens;
  readonly governor: Governor;
  readonly transport: Transport;
  /** To the SCM site of a slot; undefined: the usual one. */
  readonly roadFor: (target: Target, side: Side) => Road | undefined;
  readonly now: () => number;
}

/** tcpping tries four times, ten seconds each. */
const timeoutMs = 60_000;

export function createScmCommand(parts: ScmCommandParts): ScmCommand {
  const { arm, tokens, governor, transport, roadFor, now } = parts;
  return async (target, side, command) => {
    const place = await (side === 'live' ? readSite : readSlot)(arm, target);
    if (place.operatingSystem !== 'windows' || place.scmHostName === null) return null;
    const hostName = place.scmHostName;
    const road = roadFor(target, side);
    const visit = { host: hostName, who: 'the SCM site', site: sitePath(target) };
    const session = openSession({
      hostName,
      transport: (request) => transport({ ...request, road }),
      tokens,
      now,
      enter: () => governor.enterHost(visit),
    });
    try {
      const answer = parseObject((await session.run(command, timeoutMs)).body);
      const written = [stringOf(answer?.['Output']), stringOf(answer?.['Error'])];
      return written.filter((text) => text !== null).join('\n');
    } catch (error) {
      if (error instanceof AnswerError && error.facts.status === 404) return null;
      throw error;
    }
  };
}
