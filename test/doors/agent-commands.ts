/** `##vso[area.event key=value;…]text`, as an agent reads it. */
export interface AgentCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Wherever it stands in a line. */
export function readCommand(line: string): AgentCommand | null {
  const [, name = '', properties = '', text = ''] = /##vso\[([a-z.]+)(?: ([^\]]*))?\](.*)$/.exec(line) ?? [];
  if (name === '') return null;
  const pairs = properties.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), readEscapes(pair.slice(at + 1))] as const];
  });
  return { name, properties: Object.fromEntries(pairs), text: readEscapes(text) };
}

function readEscapes(text: string): string {
  return text
    .replaceAll('%3B', ';')
    .replaceAll('%5D', ']')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%AZP25', '%');
}
