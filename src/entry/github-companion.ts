/** What GitHub wants besides: deployments on the repository's page, and a comment on the pull request. */
import type { Companion } from './build-door.ts';
import type { BuildInputs } from './build-inputs.ts';
import { writePlanPage } from './build-outputs.ts';
import type { Known } from './build-witness.ts';
import { exitCodes } from './errors.ts';
import { createGitHubApi, type GitHubApi, type GitHubApiParts } from './github-api.ts';
import { commentPlan } from './github-comment.ts';
import { createDeployments, type Deployments } from './github-deployments.ts';
import { redact } from './secrets.ts';

/** How long the end of a step waits for what GitHub was not told yet; a step that is cancelled has seconds. */
const patienceMs = 30_000;
const hurriedMs = 2_000;

export function createCompanion(parts: GitHubApiParts): Companion {
  const api = createGitHubApi(parts);
  let deployments: Deployments | null = null;
  return {
    placed(_, inputs) {
      const mode = inputs.given('deployments');
      if (api === null || (mode !== 'fleet' && mode !== 'per-target')) return;
      const environment = inputs.given('environment') ?? '';
      deployments = createDeployments({
        api,
        mode,
        environment,
        env: parts.environment,
        warn: (text) => parts.tell.warning(text, { title: 'slotwave: deployments' }),
      });
    },
    opened: (history) => deployments?.remember(history),
    happened: (event) => deployments?.happened(event),
    async finish({ known, exitCode }, inputs) {
      const shown = deployments?.flush() ?? Promise.resolve();
      const said = api !== null && wantsComment(inputs) ? comment(api, known, parts) : Promise.resolve();
      const work = Promise.allSettled([shown, said]);
      await patiently(work, exitCode === exitCodes.interrupted ? hurriedMs : patienceMs);
    },
  };
}

async function comment(api: GitHubApi, known: Known, { environment: env }: GitHubApiParts): Promise<void> {
  if (known.plan === null) return;
  await commentPlan({
    api,
    app: known.plan.app,
    markdown: redact(writePlanPage(known, (name) => name)),
    env,
  });
}

function wantsComment(inputs: BuildInputs): boolean {
  return inputs.command === 'plan' && inputs.isOn('comment');
}

async function patiently(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
