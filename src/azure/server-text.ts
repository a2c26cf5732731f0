/**
 * Text from the other side, made fit for a sentence of ours: one line, no control characters, not endless. What
 * a log's own commands would need (`::`, `##vso[`) is for the reporters to defuse.
 */
export function tame(text: string, limit = 400): string {
  const line = veilAddresses(text)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return line.length <= limit ? line : `${line.slice(0, limit)}…`;
}

/**
 * Servers like to repeat what they were given, such as the address of a package with its signature. What opens a
 * door is taken out by its looks before anybody keeps the text: signatures, passwords in addresses, keys in
 * connection strings, tokens, keys in headers and queries.
 */
export function veilAddresses(text: string): string {
  return keyPatterns.reduce((told, [pattern, instead]) => told.replace(pattern, instead), text);
}

const keyPatterns: readonly (readonly [RegExp, string])[] = [
  [/([?&;\s](?:amp;)?sig=)[^&\s"'<>)]+/gi, '$1***'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:"'<>]*:[^\s/@"'<>]+@/gi, '$1***@'],
  [
    /\b((?:account|shared ?access|primary|secondary)key|password|pwd|client_?secret)(["']?\s*[=:]\s*["']?)[^;,\s"'<>&]+/gi,
    '$1$2***',
  ],
  [/\b(bearer|basic) +(?=\S*[\d=])[a-z0-9._~+/-]{12,}=*/gi, '$1 ***'],
  [/\beyJ[\w-]{8,}\.[\w-]*\.?[\w-]*/g, '***'],
  [
    /((?:x-functions-key|ocp-apim-subscription-key|x-functions-clientid)["']?\s*[=:]\s*["']?)[^\s"',;<>&]+/gi,
    '$1***',
  ],
  [/([?&](?:amp;)?code=)[^&\s"'<>)]+/gi, '$1***'],
];

/** The words of an HTML page: its title, and what it says. */
export function textOfHtml(html: string): string {
  const body = html.replace(/<(script|style)[\s\S]*?<\/\1\s*>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return tame(
    body
      .replace(/&nbsp;/gi, ' ')
      .replace(/&lt;/gi, '<')
      .replace(/&gt;/gi, '>')
      .replace(/&amp;/gi, '&'),
  );
}

/** The value of a JSON document when it is an object; null for everything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function stringOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
