/** What every request to ARM passes on its way out and its answer on the way back. */
import type { Pipeline, PipelinePolicy, PipelineResponse } from '@azure/core-rest-pipeline';
import type { Clock } from '../clock.ts';
import { RefusalError } from '../errors.ts';
import type { Cloud } from './cloud.ts';
import { AnswerError, readErrorFacts } from './error-facts.ts';
import { governed } from './governed.ts';
import type { Governor } from './governor.ts';
import { isRead } from './read-only.ts';
import type { Tokens } from './tokens.ts';

export interface Guards {
  readonly cloud: Cloud;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly governor: Governor;
}

/**
 * Takes out what repeats or redirects by itself, and the SDK's own token keeping (it counts by the wall clock
 * and re-sends mutations); puts in ours.
 */
export function addGuards(pipeline: Pipeline, { cloud, tokens, clock, governor }: Guards): void {
  for (const name of ['defaultRetryPolicy', 'redirectPolicy', 'bearerTokenAuthenticationPolicy'])
    pipeline.removePolicy({ name });
  pipeline.addPolicy(captureErrors(clock));
  pipeline.addPolicy(govern(governor));
  pipeline.addPolicy(authorize(cloud, tokens), { phase: 'Sign' });
}

/** The SDK drops the bodies of App Service's errors, and would take a proxy's page for a success. */
function captureErrors(clock: Pick<Clock, 'now'>): PipelinePolicy {
  return {
    name: 'slotwave-errors',
    sendRequest: async (request, next) => {
      const response = await next(request);
      const body = response.bodyAsText ?? '';
      const success = response.status >= 200 && response.status < 300;
      if (success && isJson(body)) return response;
      const facts = readErrorFacts(
        { status: response.status, reason: '', headers: response.headers.toJSON(), body },
        clock.now(),
      );
      throw new AnswerError(success ? { ...facts, code: 'NotJson' } : facts);
    },
  };
}

function isJson(body: string): boolean {
  if (body.trim() === '') return true;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/** Its quotas are shared by everything that goes to a subscription (azure-platform.md §6): one governor for all. */
function govern(governor: Governor): PipelinePolicy {
  return {
    name: 'slotwave-govern',
    sendRequest: async (request, next) => {
      const enter = () => governor.enter(request.method, request.url);
      const { response } = await governed(enter, async () => {
        const answer = await next(request);
        return { response: answer, status: answer.status, headers: answer.headers.toJSON() };
      });
      return response;
    },
  };
}

/**
 * Signs, and never signs for a stranger: links in answers are followed, and the token opens the whole
 * subscription. A refused token is renewed; a read is then sent again, a mutation is not (law 1).
 */
function authorize(cloud: Cloud, tokens: Tokens): PipelinePolicy {
  return {
    name: 'slotwave-authorize',
    sendRequest: async (request, next) => {
      demandArm(cloud, request.url);
      const reading = isRead(request.method, request.url);
      request.disableKeepAlive = !reading;
      const signed = async (): Promise<[string, PipelineResponse]> => {
        const token = await tokens.current();
        request.headers.set('authorization', `Bearer ${token}`);
        return [token, await next(request)];
      };
      const [token, response] = await signed();
      if (response.status !== 401) return response;
      tokens.drop(token);
      return reading ? (await signed())[1] : response;
    },
  };
}

/** ARM's own origin, or a regional name below it on the same port. */
export function isArm(cloud: Cloud, url: string): boolean {
  const [own, other] = [new URL(cloud.resourceManager), new URL(url)];
  return (
    other.origin === own.origin ||
    (other.protocol === 'https:' && other.port === own.port && other.hostname.endsWith(`.${own.hostname}`))
  );
}

function demandArm(cloud: Cloud, url: string): void {
  if (isArm(cloud, url)) return;
  throw new RefusalError(
    `Azure's answer points to ${new URL(url).origin}, which is not ${cloud.resourceManager}: the token is not sent there.`,
    {
      code: 'link-to-stranger',
      where: new URL(url).origin,
    },
  );
}
