/** What starts the functions that a host lists (azure-platform.md §4.1). */
import { isObject, parseJson } from './answer-json.ts';
import type { Answer } from './vantage.ts';

/** Everything that waits for something other than HTTP and is not switched off; nothing from what is no list. */
export function readTriggers(answer: Answer): readonly { readonly name: string; readonly type: string }[] {
  if (answer.status !== 200) return [];
  const list = parseJson(answer.body);
  return (Array.isArray(list) ? list : []).flatMap(readOne);
}

function readOne(entry: unknown): readonly { readonly name: string; readonly type: string }[] {
  if (!isObject(entry) || entry['isDisabled'] === true || typeof entry['name'] !== 'string') return [];
  const config = isObject(entry['config']) ? entry['config'] : {};
  const bindings: readonly unknown[] = Array.isArray(config['bindings']) ? config['bindings'] : [];
  const types = bindings.flatMap((each) =>
    isObject(each) && typeof each['type'] === 'string' ? [each['type']] : [],
  );
  const type = types.find((each) => /trigger$/i.test(each));
  if (type === undefined || /^httptrigger$/i.test(type)) return [];
  return [{ name: entry['name'].slice(0, 200), type: type.slice(0, 80) }];
}
