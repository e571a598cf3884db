import { createHash } from 'node:crypto';
import { parseProxyUrl, proxyInfoOf } from './parse-proxy-url.ts';
import type { ProxyInfo } from './proxy-info.ts';
import { ProxyUrlError } from './proxy-url-error.ts';

const SESSION = '{session}';
const COUNTRY = '{country}';
const UNKNOWN_PLACEHOLDER = /\{(?!(?:session|country)\})\w+\}/;

/** What the sticky-session parameters of proxy vendors accept in common. */
const VENDOR_SAFE = /^(?!h_)[A-Za-z0-9_]{1,32}$/;

/**
 * Parses a proxy whose username or password may hold `{session}` and `{country}`, and fills in the country.
 *
 * @throws ProxyUrlError also for `{country}` without a code, and for a placeholder in the username that does not exist
 */
export function parseProxyTemplate(
  text: string,
  where: string,
  countryCode: string | undefined,
): ProxyInfo {
  const info = parseProxyUrl(text, where);
  if (UNKNOWN_PLACEHOLDER.test(info.username)) {
    const problem =
      'its username holds an unknown placeholder; there are `{session}` and `{country}`';
    throw new ProxyUrlError(where, text, problem);
  }
  if (!hasPlaceholder(info, COUNTRY)) return info;
  if (countryCode === undefined) {
    throw new ProxyUrlError(
      where,
      text,
      'it holds `{country}`, so the option `countryCode` is needed',
    );
  }
  return { ...fill(info, COUNTRY, countryCode), countryCode };
}

/** Whether every session gets a username or password of its own. */
export function hasSessionPlaceholder(info: ProxyInfo): boolean {
  return hasPlaceholder(info, SESSION);
}

/** The proxy for one session. */
export function fillSession(info: ProxyInfo, sessionId: string): ProxyInfo {
  return { ...fill(info, SESSION, vendorSessionId(sessionId)), sessionId };
}

/**
 * The session id as vendors take it: letters, digits and underscores, at most 32. An id that is not so
 * becomes `h_` and 120 bits of its SHA-256. An id that itself begins with `h_` is hashed too, so two ids
 * never become one.
 */
export function vendorSessionId(sessionId: string): string {
  if (VENDOR_SAFE.test(sessionId)) return sessionId;
  return `h_${createHash('sha256').update(sessionId, 'utf16le').digest('hex').slice(0, 30)}`;
}

function hasPlaceholder(info: ProxyInfo, placeholder: string): boolean {
  return info.username.includes(placeholder) || info.password.includes(placeholder);
}

function fill(info: ProxyInfo, placeholder: string, value: string): ProxyInfo {
  const { url: _, ...parts } = info;
  return proxyInfoOf({
    ...parts,
    username: parts.username.replaceAll(placeholder, value),
    password: parts.password.replaceAll(placeholder, value),
  });
}
