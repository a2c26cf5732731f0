/** `schema.json`: what editors complete from, and what the reference page is made of. */
import * as z from 'zod';
import { configSchema } from './schema.ts';

export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** Draft 7, because that is what the YAML language server completes from. */
export function buildJsonSchema(): JsonSchema {
  const { $schema, ...body } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-07' });
  return { $schema, $id: 'urn:slotwave:schema:slotwave.yml', title: 'slotwave.yml', ...body } as JsonSchema;
}
