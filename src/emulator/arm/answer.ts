/** Answers in ARM's two dialects: the front door's `{error}` and App Service's PascalCase (azure-platform.md §3.4). */
import { keepAnswered } from '../record/channel.ts';

type ExtraHeaders = Readonly<Record<string, string>>;

export function json(status: number, body: unknown, headers: ExtraHeaders = {}): Response {
  const text = JSON.stringify(body);
  const answer = new Response(text, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });
  return keepAnswered(answer, text);
}

export function empty(status: number, headers: ExtraHeaders = {}): Response {
  return new Response(null, { status, headers });
}

/** How ARM itself says no: authentication, unknown groups and types, throttling. */
export function frontDoorError(
  status: number,
  code: string,
  message: string,
  headers: ExtraHeaders = {},
): Response {
  return json(status, { error: { code, message } }, headers);
}

/** A refusal of Microsoft.Web. The template's `{0}` stand where the parameters stand in the message. */
export interface AppServiceRefusal {
  readonly http: number;
  readonly code: string;
  readonly message: string;
  readonly extendedCode?: string;
  readonly template?: string;
  readonly parameters?: readonly string[];
}

/** How Microsoft.Web says no. */
export function appServiceError(
  status: number,
  code: string,
  message: string,
  extendedCode = '51021',
): Response {
  return refusal({ http: status, code, message, extendedCode });
}

/** The same with its template told apart from what was put into it, as Azure's own answers have it. */
export function refusal({
  http,
  code,
  message,
  extendedCode = '51021',
  template = message,
  parameters = [],
}: AppServiceRefusal): Response {
  const entity = {
    ExtendedCode: extendedCode,
    MessageTemplate: template,
    Parameters: parameters,
    Code: code,
    Message: message,
  };
  const details = [{ Message: message }, { Code: code }, { ErrorEntity: entity }];
  return json(http, { Code: code, Message: message, Target: null, Details: details, Innererror: null });
}

/** `Cannot … site '{0}' …` with its parameters. */
export function worded(
  http: number,
  code: string,
  extendedCode: string,
  template: string,
  ...parameters: readonly string[]
): AppServiceRefusal {
  const message = template.replace(/\{(\d)\}/g, (_, index: string) => parameters[Number(index)] ?? '');
  return { http, code, message, extendedCode, template, parameters };
}

/** 429 in ARM's dialect, with one of its three codes (azure-platform.md §6). */
export function throttledAnswer(
  code: string,
  retryAfter: string,
  asked: { readonly subscription: string; readonly operation: string },
): Response {
  const message = `Number of requests for subscription '${asked.subscription}' and operation '${asked.operation}' exceeded the backend storage limit. Please try again after '${retryAfter}' seconds.`;
  return frontDoorError(429, code, message, retryAfter === '' ? {} : { 'retry-after': retryAfter });
}

/** Thrown where a request cannot go on; the router answers with it. */
export class Refused extends Error {
  readonly answer: Response;

  constructor(answer: Response) {
    super(`refused with ${answer.status}`);
    this.name = 'Refused';
    this.answer = answer;
  }
}

/** ARM itself takes no resource by PUT that does not say where it is. */
export function locationRequired(): Refused {
  const message = 'The location property is required for this definition.';
  return new Refused(frontDoorError(400, 'LocationRequired', message));
}

export function resourceNotFound(resource: string, group: string): Refused {
  const message = `The Resource '${resource}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return new Refused(frontDoorError(404, 'ResourceNotFound', message));
}

/** The list form; everything here fits on one page. */
export function list(value: readonly unknown[]): Response {
  return json(200, { value, nextLink: null });
}
