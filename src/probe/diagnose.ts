/** From what was seen to the cause, by name. Pure: a journal can be diagnosed again and says the same. */
import { docsOf } from './causes.ts';
import { readApp } from './diagnose-app.ts';
import { readForbidden, readFrontEnd } from './diagnose-front.ts';
import { readName } from './diagnose-name.ts';
import { readSilence } from './diagnose-road.ts';
import { type Diagnosis, type DiagnosisFacts, decisiveFinding, type Named, nameHost } from './diagnosis.ts';
import { shorten } from './expect.ts';

/**
 * The first obstacle on the road decides: what lies behind it cannot be seen yet. Nothing here throws, and there is
 * always one cause; where none of the known ones fits, what was seen is told as it is.
 */
export function diagnose(facts: DiagnosisFacts): Diagnosis {
  const named =
    readName(facts) ??
    readForbidden(facts) ??
    readSilence(facts) ??
    readFrontEnd(facts) ??
    readApp(facts) ??
    unexplained(facts);
  return {
    ...named,
    said: shorten(withBesides(facts, named), 1_000),
    door: facts.door,
    host: facts.host,
    docs: docsOf(named.code),
  };
}

/** A stopped app behind a closed road would be the next surprise. */
function withBesides({ site }: DiagnosisFacts, { code, said }: Named): string {
  const isStopped = site?.state?.toLowerCase() === 'stopped';
  return isStopped && code !== 'app-stopped' ? `${said} Besides, Azure says that it is stopped.` : said;
}

function unexplained(facts: DiagnosisFacts): Named {
  const finding = decisiveFinding(facts);
  const seen = finding === null ? tellRequest(facts) : `${finding.check}: ${finding.said}`;
  return {
    code: 'unexplained',
    certainty: 'likely',
    said: `${nameHost(facts)} is not well: ${seen.replace(/[.\s]+$/, '')}.`,
    next: 'Look at the log stream of the app, and ask for its state: slotwave probe --json has every fact.',
  };
}

function tellRequest({ request }: DiagnosisFacts): string {
  if (request === null) return 'nothing could be asked in time';
  return request.kind === 'answer' ? `it answered ${request.status} for /` : request.said;
}
