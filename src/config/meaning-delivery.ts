/** A delivery that lacks what its mode needs, or says what its mode does not heed. */
import type { Complaint } from './meaning.ts';
import { asMapping, asText } from './outline.ts';

const storeExample = '{ mode: pull, store: https://<account>.blob.core.windows.net/<container> }';
const urlExample = '{ mode: url, url: https://<host>/<path>.zip }';

export function checkDelivery(written: unknown): readonly Complaint[] {
  const mapping = asMapping(written);
  const mode = asText(written) ?? asText(mapping['mode']) ?? 'push';
  const lacks = (key: 'store' | 'url', example: string): Complaint => ({
    path: ['delivery'],
    message: `has mode ${mode} and no ${key}`,
    found: `mode ${mode} alone`,
    expected: `${key} beside it`,
    next: `Write: delivery: ${example}`,
  });
  const idle = (key: string, next: string): Complaint => ({
    path: ['delivery', key],
    atKey: true,
    message: `has no effect with mode ${mode}`,
    next,
  });
  return [
    ...(mode === 'pull' && mapping['store'] === undefined ? [lacks('store', storeExample)] : []),
    ...(mode === 'url' && mapping['url'] === undefined ? [lacks('url', urlExample)] : []),
    ...(mode !== 'url' && mapping['url'] !== undefined
      ? [idle('url', 'Write mode: url, or remove it.')]
      : []),
    ...(mode === 'url' && mapping['store'] !== undefined
      ? [idle('store', 'Write mode: pull, or remove it.')]
      : []),
  ];
}
