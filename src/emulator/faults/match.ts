/** Patterns of faults: `*` stands for any characters, slashes among them; case does not matter. */

const compiled = new Map<string, RegExp>();

export function matchesGlob(glob: string, text: string): boolean {
  if (glob === '*') return true;
  let expression = compiled.get(glob);
  if (!expression) {
    const source = glob
      .split('*')
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*');
    expression = new RegExp(`^${source}$`, 'is');
    compiled.set(glob, expression);
  }
  return expression.test(text);
}

// A pattern like `POST|PUT */slotsswap` against one request.
export function matchesRequest(pattern: string, method: string, path: string): boolean {
  const [methods = '*', glob = '*'] = pattern.split(' ');
  if (methods !== '*' && !methods.toUpperCase().split('|').includes(method.toUpperCase())) return false;
  return matchesGlob(glob, path);
}
