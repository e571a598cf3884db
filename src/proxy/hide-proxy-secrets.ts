const HIDDEN = '***';
const SCHEME = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;
const HOST_AND_PORT = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]*\])(?::\d{1,6})?\/?$/i;
const PLAIN_USERNAME = /^[\w.~+=,;{}-]+$/;
/** `host:port:` with more behind it: there the password comes last, and an `@` may be part of it. */
const VENDOR_FORM = /^[^:@]*:\d+:/;
const MAX_LENGTH = 120;

/**
 * A proxy entry as it may be shown. It works by allowance, not by finding the password: the scheme, a
 * username that ends at a colon and a clean `host:port` stay, all else is hidden. So it holds for entries
 * that are malformed in any way.
 */
export function hideProxySecrets(entry: string): string {
  const text = entry.trim();
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const shown = scheme + hideRest(rest);
  return shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH)}…` : shown;
}

function hideRest(rest: string): string {
  const at = rest.lastIndexOf('@');
  if (at === -1 || VENDOR_FORM.test(rest)) {
    if (HOST_AND_PORT.test(rest)) return rest;
    const host = /^[a-z0-9._-]*(?=:)/i.exec(rest)?.[0];
    return host ? `${host}:${HIDDEN}` : HIDDEN;
  }
  const tail = rest.slice(at + 1);
  const host = tail === '' || HOST_AND_PORT.test(tail) ? tail : HIDDEN;
  return `${hideCredentials(rest.slice(0, at))}@${host}`;
}

function hideCredentials(credentials: string): string {
  const colon = credentials.indexOf(':');
  if (colon === -1) return HIDDEN;
  const username = credentials.slice(0, colon);
  return `${username === '' || PLAIN_USERNAME.test(username) ? username : HIDDEN}:${HIDDEN}`;
}
