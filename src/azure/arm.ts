/** Azure Resource Manager, with the guards that its SDK lacks (azure-platform.md §0.1, §0.2). */
import { createWebSiteManagement, type WebSiteManagementContext } from '@azure/arm-appservice/api';
import { createPipelineRequest, type HttpMethods } from '@azure/core-rest-pipeline';
import type { Clock } from '../clock.ts';
import { addGuards } from './arm-policies.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import type { Cloud } from './cloud.ts';
import { createGovernor, type Governor } from './governor.ts';
import { asHttpClient } from './http-client.ts';
import { createRecent, type Recent } from './read-once.ts';
import { retryRead } from './retry.ts';
import type { Settings, SiteFacts } from './site-client.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export type About = Omit<Asked, 'act'>;

export interface ArmRequest {
  readonly method: HttpMethods;
  /** A path with its api-version, or a whole URL that ARM gave us. */
  readonly url: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Shorter than usual, for what is only nice to know. */
  readonly timeoutMs?: number | undefined;
}

export interface ArmAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text; JSON when it is not empty. */
  readonly body: string;
}

export interface Arm {
  readonly cloud: Cloud;
  /** For what else is asked about the same subscriptions: SCM sites. */
  readonly governor: Governor;
  /** By path: what was read a moment ago, for whatever comes next in the same phase. */
  readonly recent: {
    readonly slots: Recent<SiteFacts>;
    readonly slotSettings: Recent<Settings>;
    readonly stickyNames: Recent<StickyNames>;
  };
  /** A read, repeated on our clock until it is answered or its budget is spent. */
  read<T>(
    subscriptionId: string,
    about: About,
    act: (context: WebSiteManagementContext) => Promise<T>,
  ): Promise<T>;
  /** A mutation: sent once, its failure classified. */
  change<T>(
    subscriptionId: string,
    about: About,
    act: (context: WebSiteManagementContext) => Promise<T>,
  ): Promise<T>;
  /** A request of our own on the same pipeline, sent once. Rejects with AnswerError or TransportError, for `classify`. */
  send(subscriptionId: string, request: ArmRequest): Promise<ArmAnswer>;
}

/** Of a site: names that stay with their slot in a swap. */
export interface StickyNames {
  readonly settings: readonly string[];
  readonly connectionStrings: readonly string[];
}

export interface ArmParts {
  readonly cloud: Cloud;
  readonly tokens: Tokens;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Shared by all that go to the same subscriptions; one of its own when there is no other. */
  readonly governor?: Governor | undefined;
}

export function createArm(parts: ArmParts): Arm {
  const { cloud, clock, random, governor = createGovernor({ clock, random }) } = parts;
  const httpClient = asHttpClient(parts.transport);
  const contexts = new Map<string, WebSiteManagementContext>();
  const contextOf = (subscriptionId: string) => {
    const kept = contexts.get(subscriptionId);
    if (kept) return kept;
    const made = createContext(subscriptionId, { ...parts, governor }, httpClient);
    contexts.set(subscriptionId, made);
    return made;
  };
  return {
    cloud,
    governor,
    recent: {
      slots: createRecent(clock),
      slotSettings: createRecent(clock),
      stickyNames: createRecent(clock),
    },
    read: (subscriptionId, about, act) =>
      retryRead(
        { clock, random, shareMs: (longestMs) => governor.retryWaitMs(subscriptionId, longestMs) },
        () => act(contextOf(subscriptionId)),
        (error) => classify(error, { act: 'read', ...about }),
      ),
    change: async (subscriptionId, about, act) => {
      try {
        return await act(contextOf(subscriptionId));
      } catch (error) {
        throw classify(error, { act: 'change', ...about });
      }
    },
    send: async (subscriptionId, { method, url, body, timeoutMs }) => {
      const request = createPipelineRequest({ method, url: new URL(url, cloud.resourceManager).href });
      if (timeoutMs !== undefined) request.timeout = timeoutMs;
      request.headers.set('accept', 'application/json');
      if (body !== undefined) {
        request.body = JSON.stringify(body);
        request.headers.set('content-type', 'application/json');
      }
      const answer = await contextOf(subscriptionId).pipeline.sendRequest(httpClient, request);
      return { status: answer.status, headers: answer.headers.toJSON(), body: answer.bodyAsText ?? '' };
    },
  };
}

function createContext(
  subscriptionId: string,
  parts: ArmParts & { readonly governor: Governor },
  httpClient: ReturnType<typeof asHttpClient>,
): WebSiteManagementContext {
  // The SDK demands a credential; the policy that would use it is replaced by ours.
  const credential = { getToken: () => Promise.reject(new Error('tokens come from the authorize policy')) };
  const context = createWebSiteManagement(credential, subscriptionId, {
    endpoint: parts.cloud.resourceManager,
    httpClient,
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'slotwave' },
  });
  addGuards(context.pipeline, parts);
  return context;
}
