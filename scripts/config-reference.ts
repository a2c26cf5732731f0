/** docs/config.md from the schema: an example, then every key with its kind, its default and what it is about. */
import type { JsonSchema } from '../src/config/json-schema.ts';
import { asMapped } from '../src/config/shape.ts';

export function writeConfigReference(schema: JsonSchema, example: string): string {
  const sections = Object.entries(schema.properties ?? {}).filter(
    ([, child]) => listRows(child, '').length > 0,
  );
  return [
    '<!-- Made by scripts/generate.ts from src/config/schema.ts. Change it there. -->',
    '# slotwave.yml',
    'One file says which function apps run an app, how a release goes to them, and what counts as well. `slotwave schema` prints its JSON schema; with the first line of the example, editors complete from it.',
    fence('yaml', example),
    rules,
    '## At the top',
    writeTable(schema, '', false),
    ...sections.flatMap(([name, child]) => [
      `## ${name}`,
      child.description ?? '',
      writeTable(child, name, true),
    ]),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

const rules = [
  '- **Durations** have a unit: `250ms`, `90s`, `10m`, `1h30m`.',
  '- **A limit of failures says how many are tolerated**; one more has the effect.',
  '- **Everything is checked**: unknown keys are refused, not ignored, and all problems are told at once with their lines.',
  '- **Only `${env:NAME}` is expanded**, and only where a key says so (headers and bodies of checks, addresses of proxies): the value comes from the environment and is never written down. `${NAME}`, `$(NAME)` and `${{ … }}` are refused. Where a value really has to hold such a text, write `$${NAME}`.',
  '- **Nothing here is secret**: put secrets of the app in Key Vault, and the reference to them in `settings`.',
].join('\n');

function writeTable(schema: JsonSchema, prefix: string, deep: boolean): string {
  const rows = deep ? listRows(schema, prefix) : listOwnRows(schema);
  const lines = rows.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return ['| Key | Kind | Default | About |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

type Row = readonly [key: string, kind: string, fallback: string, about: string];

function listOwnRows(schema: JsonSchema): readonly Row[] {
  return Object.entries(schema.properties ?? {}).map(([name, child]) => writeRow(name, name, child, schema));
}

function listRows(schema: JsonSchema, path: string): readonly Row[] {
  const inner = asMapped(schema.items ?? schema);
  const here = schema.items ? `${path}[]` : path;
  return Object.entries(inner.properties ?? {}).flatMap(([name, child]) => {
    const key = here ? `${here}.${name}` : name;
    return [writeRow(key, name, child, inner), ...listRows(child, key)];
  });
}

function writeRow(key: string, name: string, child: JsonSchema, parent: JsonSchema): Row {
  const about = [child.description, child.items?.description].filter((text) => text !== undefined).join(' ');
  return [`\`${key}\``, nameKind(child), nameDefault(child, parent.required?.includes(name) ?? false), about];
}

function nameKind(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(nameKind).join(', ');
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.pattern?.includes(')ms)?$')) return 'duration';
  if (schema.type === 'array')
    return `list of ${schema.items?.properties ? 'mappings' : `${nameKind(schema.items ?? {})}s`}`;
  if (schema.type === 'object') return schema.properties ? 'mapping' : nameMap(schema.additionalProperties);
  if (schema.type === 'integer') return `whole number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.exclusiveMinimum !== undefined)
    return `number, above ${schema.exclusiveMinimum}, up to ${schema.maximum}`;
  return { string: 'text', boolean: 'true or false', number: 'number' }[schema.type ?? ''] ?? 'anything';
}

function nameMap(values: JsonSchema | boolean | undefined): string {
  return `names to ${typeof values === 'object' ? nameKind(values).replace(/\btext\b/, 'texts') : 'anything'}`;
}

/** Defaults of mappings stand at their keys. */
function nameDefault(schema: JsonSchema, required: boolean): string {
  if (required) return '**required**';
  const fallback = schema.default;
  if (fallback === undefined) return '';
  if (Array.isArray(fallback)) return fallback.length === 0 ? 'none' : 'see right';
  if (typeof fallback === 'object') return '';
  return `\`${String(fallback)}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}
