const SPECIAL = /[\\^$+.()|]/;
const MAX_CACHED = 1000;
const compiled = new Map<string, RegExp>();

/**
 * Turns a URL glob into a regular expression: `*` is anything but `/`, `**` anything, `?` one character but `/`,
 * `[abc]` and `[!abc]` one of a set, `{a,b}` alternatives, `\` takes the next character as it is.
 * Letter case does not count. A `?` that begins a query is written `\?` or `[?]`.
 */
export function globToRegExp(glob: string): RegExp {
  const known = compiled.get(glob);
  if (known) return known;
  const pattern = new RegExp(`^${sourceOf(glob)}$`, 'i');
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(glob, pattern);
  return pattern;
}

function sourceOf(glob: string): string {
  let source = '';
  let openBraces = 0;
  for (let index = 0; index < glob.length; index++) {
    const character = glob[index] as string;
    if (character === '*') {
      const isDouble = glob[index + 1] === '*';
      if (isDouble) {
        while (glob[index + 1] === '*') index++;
        // "a/**/b" also means "a/b".
        const swallowsSlash = glob[index + 1] === '/' && source.endsWith('/');
        if (swallowsSlash) index++;
        source += swallowsSlash ? '(?:.*/)?' : '.*';
      } else {
        source += '[^/]*';
      }
    } else if (character === '?') {
      source += '[^/]';
    } else if (character === '[') {
      const end = glob.indexOf(']', index + 2);
      if (end === -1) {
        source += '\\[';
      } else {
        source += classOf(glob.slice(index + 1, end));
        index = end;
      }
    } else if (character === '{') {
      openBraces++;
      source += '(?:';
    } else if (character === '}' && openBraces > 0) {
      openBraces--;
      source += ')';
    } else if (character === ',' && openBraces > 0) {
      source += '|';
    } else if (character === '\\' && index + 1 < glob.length) {
      index++;
      source += escaped(glob[index] as string);
    } else {
      source += escaped(character);
    }
  }
  return source + ')'.repeat(openBraces);
}

function classOf(members: string): string {
  const isNegated = members.startsWith('!') || members.startsWith('^');
  const body = (isNegated ? members.slice(1) : members).replace(/[\\\]^]/g, '\\$&');
  return `[${isNegated ? '^' : ''}${body}]`;
}

function escaped(character: string): string {
  return SPECIAL.test(character) || '*?[]{}'.includes(character) ? `\\${character}` : character;
}
