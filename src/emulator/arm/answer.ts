/** Answers in ARM's two dialects: the front door's `{error}` and App Service's PascalCase (azure-platform.md §3.4). */

type ExtraHeaders = Readonly<Record<string, string>>;

export function json(status: number, body: unknown, headers: ExtraHeaders = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });
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

/** How Microsoft.Web says no. */
export function appServiceError(
  status: number,
  code: string,
  message: string,
  extendedCode = '51021',
): Response {
  const details = [
    { Message: message },
    { Code: code },
    {
      ErrorEntity: {
        ExtendedCode: extendedCode,
        MessageTemplate: message,
        Parameters: [],
        Code: code,
        Message: message,
      },
    },
  ];
  return json(status, { Code: code, Message: message, Target: null, Details: details, Innererror: null });
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

export function resourceNotFound(resource: string, group: string): Refused {
  const message = `The Resource '${resource}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return new Refused(frontDoorError(404, 'ResourceNotFound', message));
}

/** The list form; everything here fits on one page. */
export function list(value: readonly unknown[]): Response {
  return json(200, { value, nextLink: null });
}
