/** Which Azure: its ARM endpoint, where tokens come from, and what they are for. */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { classify } from './classify.ts';
import { AnswerError, readErrorFacts } from './error-facts.ts';
import { retryRead } from './retry.ts';
import { isObject, stringOf } from './server-text.ts';
import { requestTimeoutMs, type Transport } from './transport.ts';

export interface Cloud {
  /** As ARM calls itself. */
  readonly name: string;
  /** Origin, no slash at the end: `https://management.azure.com`. */
  readonly resourceManager: string;
  /** Origin, no slash at the end: `https://login.microsoftonline.com`. */
  readonly loginEndpoint: string;
  /** What a token is asked for: `https://management.azure.com/.default`. */
  readonly scope: string;
  /** One of Microsoft's own, known before anything was asked. */
  readonly wellKnown: boolean;
}

/** Public facts about Microsoft's clouds; what ARM says about itself is held against them. */
const wellKnownClouds: Readonly<
  Record<string, { readonly resourceManager: string; readonly loginHosts: readonly string[] }>
> = {
  AzureCloud: {
    resourceManager: 'https://management.azure.com',
    loginHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com'],
  },
  AzureChinaCloud: {
    resourceManager: 'https://management.chinacloudapi.cn',
    loginHosts: ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'],
  },
  AzureUSGovernment: {
    resourceManager: 'https://management.usgovcloudapi.net',
    loginHosts: ['login.microsoftonline.us'],
  },
};

export interface CloudParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * @param nameOrUrl `AzureCloud`, `AzureChinaCloud`, `AzureUSGovernment`, or the https URL of an ARM endpoint.
 * @throws InputError `cloud-unknown`, `cloud-not-reachable`, `cloud-not-arm`.
 */
export async function describeCloud(nameOrUrl: string, parts: CloudParts): Promise<Cloud> {
  const known = Object.entries(wellKnownClouds).find(
    ([name, { resourceManager }]) =>
      name.toLowerCase() === nameOrUrl.toLowerCase() || resourceManager === trimSlash(nameOrUrl),
  );
  const origin = known?.[1].resourceManager ?? readOrigin(nameOrUrl);
  const described = await readMetadata(origin, parts);
  const wellKnown = known?.[1].loginHosts.includes(new URL(described.loginEndpoint).host) ?? false;
  if (known && !wellKnown) {
    throw notArm(
      origin,
      `it names ${described.loginEndpoint} as its login endpoint, which is not ${known[0]}'s`,
    );
  }
  return { ...described, name: known?.[0] ?? described.name, resourceManager: origin, wellKnown };
}

function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url?.protocol !== 'https:' ||
    (url.pathname !== '/' && url.pathname !== '') ||
    url.username ||
    url.search
  ) {
    throw new InputError(`There is no cloud "${text}".`, {
      code: 'cloud-unknown',
      where: '--cloud',
      next: `Type one of ${Object.keys(wellKnownClouds).join(', ')}, or the https URL of an ARM endpoint, such as https://management.local.azurestack.external.`,
    });
  }
  return url.origin;
}

type Described = Pick<Cloud, 'name' | 'loginEndpoint' | 'scope'>;

async function readMetadata(origin: string, { transport, clock, random }: CloudParts): Promise<Described> {
  const url = `${origin}/metadata/endpoints?api-version=2022-09-01`;
  const asked = { act: 'read', what: `read what cloud ${origin} is`, where: url } as const;
  const ask = async () => {
    const answer = await transport({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      timeoutMs: requestTimeoutMs,
    });
    if (answer.status >= 400 && answer.status < 500 && ![408, 429].includes(answer.status))
      throw notArm(origin, `it answers ${answer.status}`);
    if (answer.status !== 200) throw new AnswerError(readErrorFacts(answer, clock.now()));
    return answer.body;
  };
  let body: string;
  try {
    body = await retryRead({ clock, random, budgetMs: 30_000, tryLimit: 4 }, ask, (error) =>
      classify(error, asked),
    );
  } catch (thrown) {
    const error = classify(thrown, asked);
    if (error.kind === 'defect' || error.kind === 'input') throw error;
    const check = 'Check --cloud, and that this machine reaches it (DNS, network, proxy, firewall).';
    throw new InputError(error.message, {
      code: 'cloud-not-reachable',
      where: url,
      next: error.code === 'certificate-not-trusted' ? (error.next ?? check) : check,
      cause: error,
    });
  }
  return readEndpoints(origin, body);
}

/** A single object since 2022-09-01; a list of clouds in the versions before, which some emulators still speak. */
function readEndpoints(origin: string, body: string): Described {
  const entry = pickEntry(origin, body);
  const authentication = entry && isObject(entry['authentication']) ? entry['authentication'] : null;
  const login = stringOf(authentication?.['loginEndpoint']);
  const audiences = Array.isArray(authentication?.['audiences'])
    ? authentication['audiences'].filter((each) => stringOf(each) !== null).map(String)
    : [];
  if (!login || !URL.canParse(login) || new URL(login).protocol !== 'https:')
    throw notArm(origin, 'it names no login endpoint');
  const audience = audiences.find((each) => trimSlash(each) === origin) ?? audiences[0] ?? origin;
  return {
    name: stringOf(entry?.['name']) ?? origin,
    loginEndpoint: new URL(login).origin,
    scope: `${trimSlash(audience) === origin ? origin : audience}/.default`,
  };
}

function pickEntry(origin: string, body: string): Readonly<Record<string, unknown>> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return isObject(parsed) ? parsed : null;
  const entries = parsed.filter(isObject);
  return (
    entries.find((each) => trimSlash(stringOf(each['resourceManager']) ?? '') === origin) ??
    (entries.length === 1 ? entries[0]! : null)
  );
}

function notArm(origin: string, why: string): InputError {
  return new InputError(
    `What answers at ${origin} does not describe itself as an Azure Resource Manager: ${why}.`,
    {
      code: 'cloud-not-arm',
      where: `${origin}/metadata/endpoints`,
      next: 'Check --cloud, and whether a proxy answers in its place.',
    },
  );
}

function trimSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
