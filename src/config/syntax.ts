/** What is wrong with a YAML text, in words of our own: the parser's messages quote the text, and it may hold secrets. */
interface SyntaxProblem {
  readonly message: string;
  readonly path?: string;
  readonly expected?: string;
  readonly next?: string;
}

export function findSyntaxProblem(code: string, key: string | null): SyntaxProblem {
  if (code === 'DUPLICATE_KEY') {
    const message = key
      ? `the key "${key}" stands twice in this mapping`
      : 'a key stands twice in this mapping';
    return { message, expected: 'every key once', next: 'Keep one of the two.' };
  }
  return { message: sentences[code] ?? 'this is not YAML', ...hints[code] };
}

const sentences: Readonly<Record<string, string>> = {
  ALIAS_IN_ITSELF: 'an alias stands inside the value that it stands for',
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'an alias has no anchor before it, or its name is not readable',
  BAD_COLLECTION_TYPE: 'a tag does not fit what follows it',
  BAD_DIRECTIVE: 'a line that starts with "%" is not a YAML directive',
  BAD_DQ_ESCAPE: 'a text in double quotes has a backslash that escapes nothing known',
  BAD_INDENT: 'this line is indented in a way that belongs to nothing above it',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a value starts with a character that YAML keeps for itself',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping stands inside the line of another one',
  BLOCK_IN_FLOW: 'a block stands inside braces or brackets',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, brace, comma or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines; a colon or a closing quote is probably missing',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_DOCS: 'the file holds several documents',
  MULTIPLE_TAGS: 'a value has two tags',
  NON_STRING_KEY: 'a key is not a text',
  TAB_AS_INDENT: 'a tab is used for indentation',
  TAG_RESOLVE_FAILED: 'a tag is not known, or does not fit its value',
  UNEXPECTED_TOKEN: 'something stands where YAML expects nothing',
};

const hints: Readonly<Record<string, { readonly expected?: string; readonly next?: string }>> = {
  ALIAS_IN_ITSELF: { next: 'Write the value out, or put the anchor (&) on something smaller.' },
  BAD_DQ_ESCAPE: { next: "Double the backslash, or use single quotes: '…'." },
  BAD_INDENT: {
    expected: 'keys of one mapping in one column',
    next: 'Line it up with its neighbours, using spaces; if it looks right, a bracket or quote above it is not closed.',
  },
  BAD_SCALAR_START: { next: 'Put the value in quotes.' },
  BLOCK_AS_IMPLICIT_KEY: {
    next: 'Put the value in quotes if it has ": " in it, or start a new line for the mapping.',
  },
  MISSING_CHAR: { next: 'Look at this line and the one before it.' },
  MULTIPLE_DOCS: { expected: 'one document', next: 'Remove the "---" line and what follows it.' },
  TAB_AS_INDENT: { expected: 'spaces', next: 'Replace the tabs by spaces.' },
};
