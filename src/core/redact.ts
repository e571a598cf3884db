const REDACTED = '***';

/** The user and password part of any URL inside a text. The password may hold raw `@`; the last one before the host counts. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'<>]*)@/gi;
const SECRET_HEADER =
  /\b((?:proxy-)?authorization|set-cookie|cookie)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi;
const SECRET_KEY = /pass(?:word|wd)?$|secret|token|cookie|authorization|api-?key|credential/i;

/** Hides what must not be shown: the password of every URL in the text, and cookie or authorization headers. */
export function redactText(text: string): string {
  let safe = text;
  if (safe.includes('@')) safe = safe.replace(URL_CREDENTIALS, redactCredentials);
  if (/authorization|cookie/i.test(safe)) safe = safe.replace(SECRET_HEADER, `$1$2${REDACTED}`);
  return safe;
}

function redactCredentials(_match: string, scheme: string, userInfo: string): string {
  const colon = userInfo.indexOf(':');
  return colon === -1
    ? `${scheme}${userInfo}@`
    : `${scheme}${userInfo.slice(0, colon)}:${REDACTED}@`;
}

/** A deep copy for logs: secret texts hidden, values under secret-looking keys replaced. Cycles and depth are bounded. */
export function redactData(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth > 6) return '[…]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.map((item) => redactData(item, depth + 1));
  if (value instanceof Date || ArrayBuffer.isView(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    copy[key] =
      SECRET_KEY.test(key) && item !== null && item !== undefined && typeof item !== 'boolean'
        ? REDACTED
        : redactData(item, depth + 1);
  }
  return copy;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: redactText(error.message),
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack ? { stack: redactText(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: redactData(error.cause, depth + 1) }),
  };
}
