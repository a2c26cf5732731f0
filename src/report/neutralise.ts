/**
 * Text from outside, made harmless. What a server said ends up on terminals and in build logs, where escape
 * sequences move the cursor and where `::name::` and `##vso[…]` are commands to the runner or the agent.
 */

/** CSI and OSC sequences, and the two-character escapes. */
const escapeSequences =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\^_a-z=>]/g;
/** Line ends of every alphabet: a log line is one line, or a second one could be forged. */
const lineEnds = /[\r\n\u0085\u2028\u2029\t\v\f]+/g;
/** C0, DEL, C1, and the marks that turn the direction of writing or have no width. */
const invisible =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * One harmless line: at most `maxChars` characters, no control characters, no doubled `:` or `#`. Doing it
 * twice changes nothing.
 */
export function neutralise(text: string, maxChars = 2000): string {
  const line = text
    .toWellFormed()
    .replace(escapeSequences, '')
    .replace(lineEnds, ' ')
    .replace(invisible, '\ufffd')
    .replace(/:(?=:)/g, ': ')
    .replace(/#(?=#)/g, '# ');
  return shorten(line, maxChars);
}

/** The text, or its beginning and an ellipsis; never half a surrogate pair. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const cut = text.slice(0, Math.max(0, maxChars - 1)).replace(/[\ud800-\udbff]$/, '');
  return `${cut}…`;
}

/**
 * JSON text that carries the same value and is harmless on one line of a build log: what `neutralise` takes
 * away is written as `\uXXXX` here.
 */
export function neutraliseJson(json: string): string {
  return json
    .replace(
      /[:#](?=[:#])|[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
      escapeOf,
    )
    .replace(/[\r\n]+/g, ' ');
}

function escapeOf(character: string, offset: number, json: string): string {
  // `":#"` never occurs between strings, but `":` followed by a value does: only a doubled mark is a command.
  const doubled = character === json[offset + 1];
  if ((character === ':' || character === '#') && !doubled) return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
