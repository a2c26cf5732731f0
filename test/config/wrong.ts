/** A config without a mistake, and the means to put one into it. */
import { parseConfig } from '../../src/config/load.ts';
import { InputError, type Problem } from '../../src/errors.ts';

export const subscription = '11111111-2222-3333-4444-555555555555';

export function siteId(site: string): string {
  return `/subscriptions/${subscription}/resourceGroups/orders/providers/Microsoft.Web/sites/${site}`;
}

/** A config without a mistake, as a list of top-level blocks, so that a row can replace one. */
export const sound: Readonly<Record<string, string>> = {
  app: 'app: orders',
  package: 'package: ./app',
  fleet: `fleet:
  targets:
    - { name: weu, resourceId: ${siteId('orders-weu')}, labels: { ring: canary } }
    - { name: neu, resourceId: ${siteId('orders-neu')}, labels: { ring: broad } }
    - { name: eus, resourceId: ${siteId('orders-eus')}, labels: { ring: broad } }`,
};

export function writeYaml(blocks: Readonly<Record<string, string>>): string {
  return `${Object.values(blocks)
    .filter((block) => block !== '')
    .join('\n')}\n`;
}

export interface Wrong {
  readonly about: string;
  /** Replaces the blocks of the sound config that have the same names. */
  readonly blocks: Readonly<Record<string, string>>;
  readonly path: string;
  readonly message: RegExp;
  readonly found?: string | RegExp;
  readonly expected?: RegExp;
  readonly next?: RegExp;
}

export function waves(...lines: readonly string[]): Readonly<Record<string, string>> {
  return { strategy: ['strategy:', '  waves:', ...lines.map((line) => `    - ${line}`)].join('\n') };
}

export const strategy = (text: string) => ({ strategy: `strategy:\n  ${text}` });
export const probes = (text: string) => ({ probes: `probes:\n  ${text}` });
export const fleet = (...lines: readonly string[]) => ({
  fleet: ['fleet:', '  targets:', ...lines.map((line) => `    - ${line}`)].join('\n'),
});

/** What `parseConfig` says against a text; anything else that it throws is thrown on. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    parseConfig(text, '/repo/slotwave.yml');
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.problems;
    throw thrown;
  }
  return [];
}
