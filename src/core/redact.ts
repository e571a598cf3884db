const REDACTED = '***';

/**
 * Where credentials begin in a run without white space. A number behind the colon is a port
 * (`http://host:8000/@user` has no credentials, as the URL standard reads it); whatever else stands
 * there is taken for a password.
 */
const CREDENTIALS_START = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#"'<>:]*:(?!\d{1,5}[/?#"'<>])/i;
/** `user:password@host:8000`, as proxy lists write it. */
const BARE_CREDENTIALS = /^(["'`([{<]*[^\s/?#"'<>:@]+:)\S+(@[\w.-]+:\d{1,5}\b)/;
const SECRET_HEADER = /\b(?:(?:proxy-)?authorization|set-cookie|cookie)(\\?["'])?\s*[:=]\s*/gi;
const SECRET_HEADER_NAME = /^(?:(?:proxy-)?authorization|(?:set-)?cookie)$/i;
const SECRET_NAME =
  /pass(?:word|wd|phrase)|pass$|^pwd$|secret|token|cookie|authorization|^auth$|api[-_]?key|credential/i;

/** Longest and widest that data in a log may be; more is cut. */
const MAX_DEPTH = 6;
const MAX_VALUES = 5_000;

/** Whether an option, header or field of this name holds what must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Hides what must not be shown: the password of every URL in the text, and cookie or authorization headers.
 * A raw password may hold anything but white space, so all up to the last `@` of the run goes.
 */
export function redactText(text: string): string {
  let safe = text;
  if (safe.includes('@')) safe = safe.replace(/\S+/g, redactRun);
  if (/authorization|cookie/i.test(safe)) safe = redactHeaders(safe);
  return safe;
}

function redactRun(run: string): string {
  const at = run.lastIndexOf('@');
  if (at === -1) return run;
  const start = CREDENTIALS_START.exec(run);
  if (start) {
    const end = start.index + start[0].length;
    return end <= at ? run.slice(0, end) + REDACTED + run.slice(at) : run;
  }
  return run.replace(BARE_CREDENTIALS, `$1${REDACTED}$2`);
}

function redactHeaders(text: string): string {
  let safe = '';
  let from = 0;
  for (const match of text.matchAll(SECRET_HEADER)) {
    if (match.index < from) continue;
    const start = match.index + match[0].length;
    const [valueStart, valueEnd] = headerValue(text, start, match[1] !== undefined);
    if (valueStart === valueEnd) continue;
    safe += text.slice(from, valueStart) + REDACTED;
    from = valueEnd;
  }
  return safe + text.slice(from);
}

/**
 * From where to where the value goes: to the closing bracket of a list, to the closing quote in JSON
 * or in what `util.inspect` shows, else to the end of the line, as in HTTP itself.
 */
function headerValue(text: string, start: number, isNameQuoted: boolean): [number, number] {
  if (text[start] === '[') {
    const end = text.indexOf(']', start);
    return [start, end === -1 ? text.length : endOfLine(text, end)];
  }
  const quote = /^\\?["'`]/.exec(text.slice(start, start + 2))?.[0];
  if (quote === undefined || (quote === '"' && !isNameQuoted)) {
    return [start, endOfLine(text, start)];
  }
  return [start + quote.length, closingQuote(text, quote, start + quote.length)];
}

function closingQuote(text: string, quote: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    if (text.startsWith(quote, index)) return index;
    if (text[index] === '\\') index++;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const lineBreak = /[\r\n]/g;
  lineBreak.lastIndex = from;
  return lineBreak.exec(text)?.index ?? text.length;
}

/**
 * A copy for logs: secret texts hidden, values under secret-looking names replaced, cycles cut,
 * depth and size bounded. Never throws.
 */
export function redactData(value: unknown): unknown {
  return new Redaction().copy(value, 0);
}

class Redaction {
  /** The objects the walk is inside of now. */
  readonly #path = new Set<object>();
  #valuesLeft = MAX_VALUES;

  copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return redactText(value);
    if (value === null || typeof value !== 'object') return value;
    if (this.#path.has(value)) return '[circular]';
    if (depth > MAX_DEPTH || --this.#valuesLeft < 0) return '[…]';
    this.#path.add(value);
    try {
      return this.#copyObject(value, depth + 1);
    } catch {
      return '[unreadable]';
    } finally {
      this.#path.delete(value);
    }
  }

  #copyObject(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#copyError(value, depth);
    if (Array.isArray(value)) return this.#copyArray(value, depth);
    if (value instanceof Date) return value;
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Set) return this.#copyArray([...value], depth);
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, item]) => [redactText(String(key)), this.#copyField(key, item, depth)]),
    );
  }

  #copyField(key: unknown, item: unknown, depth: number): unknown {
    const isHidden =
      isSecretName(String(key)) &&
      item !== null &&
      item !== undefined &&
      typeof item !== 'boolean' &&
      typeof item !== 'function';
    return isHidden ? REDACTED : this.copy(item, depth);
  }

  /** Raw headers come as flat lists or as pairs: what follows a header's name is its value. */
  #copyArray(items: readonly unknown[], depth: number): unknown[] {
    return items.slice(0, MAX_VALUES).map((item, index) => {
      const before = index > 0 ? items[index - 1] : undefined;
      return typeof before === 'string' && SECRET_HEADER_NAME.test(before)
        ? REDACTED
        : this.copy(item, depth);
    });
  }

  #copyError(error: Error, depth: number): Record<string, unknown> {
    const { code } = error as { code?: unknown };
    const errors = error instanceof AggregateError ? error.errors : undefined;
    return {
      name: error.name,
      message: redactText(String(error.message)),
      ...(code === undefined ? {} : { code }),
      ...(error.stack ? { stack: redactText(String(error.stack)) } : {}),
      ...(errors === undefined ? {} : { errors: this.copy(errors, depth) }),
      ...(error.cause === undefined ? {} : { cause: this.copy(error.cause, depth) }),
    };
  }
}

/**
 * What was thrown, fit to be the `cause` of an error that people will see: itself when no text in it
 * holds a secret, else an error with the same name and code and the secrets hidden.
 */
export function redactCause(thrown: unknown, depth = 0): unknown {
  if (typeof thrown === 'string') return redactText(thrown);
  if (!(thrown instanceof Error)) return redactData(thrown);
  const cause = depth < MAX_DEPTH ? redactCause(thrown.cause, depth + 1) : undefined;
  if (cause === thrown.cause && !isTelling(thrown)) return thrown;
  const safe = new Error(redactText(String(thrown.message)), cause === undefined ? {} : { cause });
  const { code } = thrown as { code?: unknown };
  Object.defineProperty(safe, 'name', { value: thrown.name, configurable: true });
  safe.stack = redactText(String(thrown.stack));
  return code === undefined ? safe : Object.assign(safe, { code });
}

/** Own fields count: Node's "Invalid URL" carries the whole URL in its `input`. */
function isTelling(error: Error): boolean {
  return [error.message, error.stack, ...Object.values(error)].some(
    (value) => typeof value === 'string' && redactText(value) !== value,
  );
}
