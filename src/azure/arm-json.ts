/** Reads of resources that the App Service library does not know: networks, zones, accounts, permissions. */
import type { About, Arm } from './arm.ts';
import { isObject, parseObject, stringOf } from './server-text.ts';

export type Json = Readonly<Record<string, unknown>>;

export function readJson(arm: Arm, subscriptionId: string, about: About, url: string): Promise<Json> {
  return arm.read(
    subscriptionId,
    about,
    async () => parseObject((await arm.send(subscriptionId, { method: 'GET', url })).body) ?? {},
  );
}

/** Far more than any list here has; a server that goes on and on is not followed for ever. */
const pageLimit = 50;

/** All pages of a list. */
export async function readList(
  arm: Arm,
  subscriptionId: string,
  about: About,
  url: string,
): Promise<readonly Json[]> {
  const found: Json[] = [];
  let next: string | null = url;
  for (let pages = 0; next !== null && pages < pageLimit; pages++) {
    const page: Json = await readJson(arm, subscriptionId, about, next);
    found.push(...objectsOf(page['value']));
    next = stringOf(page['nextLink']);
  }
  return found;
}

export function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

export function objectsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
