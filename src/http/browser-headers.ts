import { OptionError } from '../core/errors.ts';
import type { Fingerprint } from '../core/fingerprint.ts';
import {
  type HeaderProfile,
  headerProfile,
  LANGUAGES,
  PLAIN_ENCODINGS,
} from './header-profiles.ts';

export interface BrowserHeadersOptions {
  /** Where they go: browsers say less to `http:` sites. */
  readonly url: string;
  /** Replace those of the browser, whatever their spelling, in their place; others follow in their own order. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Locales come from users, so there may be any number of them. */
const MAX_REMEMBERED = 1000;

/** Frozen sets of headers by fingerprint and security: a pure function's values, kept because it runs for every request. */
const remembered = new Map<string, Readonly<Record<string, string>>>();

/**
 * The headers with which the browser of a fingerprint asks for a page, in its order and spelling. The same for the
 * same fingerprint, always.
 *
 * @throws OptionError when there is no such browser on that platform
 */
export function browserHeaders(
  fingerprint: Fingerprint,
  { url, headers }: BrowserHeadersOptions,
): Readonly<Record<string, string>> {
  const isSecure = url.startsWith('https:');
  const { browser, platform, locale } = fingerprint;
  const key = `${isSecure ? 's' : 'p'} ${browser} ${platform} ${locale}`;
  let own = remembered.get(key);
  if (!own) {
    own = headersOf(fingerprint, isSecure);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, own);
  }
  return headers === undefined ? own : withOverrides(own, headers);
}

function headersOf(
  { browser, platform, locale }: Fingerprint,
  isSecure: boolean,
): Readonly<Record<string, string>> {
  const profile = headerProfile(browser, platform);
  if (!profile) {
    throw new OptionError('fingerprint', `There is no ${browser} for ${platform} to be taken for`);
  }
  const headers: Record<string, string> = {};
  for (const { name, value, isSecureOnly } of profile.headers) {
    if (isSecureOnly && !isSecure) continue;
    if (value === LANGUAGES) headers[name] = languages(locale, profile);
    else if (name === 'Accept-Encoding' && !isSecure) headers[name] = PLAIN_ENCODINGS;
    else headers[name] = value;
  }
  return Object.freeze(headers);
}

/** The locale, its language, and English as most people's browsers have it. */
function languages(locale: string, { languageWeights }: HeaderProfile): string {
  const [second, third, fourth] = languageWeights;
  const language = locale.split('-')[0] as string;
  const list = language === locale ? locale : `${locale},${language};q=${second}`;
  return language === 'en' ? list : `${list},en-US;q=${third},en;q=${fourth}`;
}

function withOverrides(
  own: Readonly<Record<string, string>>,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const merged: Record<string, string> = { ...own };
  for (const name of Object.keys(overrides)) {
    const value = overrides[name];
    if (value !== undefined) merged[spelledLike(own, name)] = value;
  }
  return merged;
}

/** The name a header has already, or the one given. */
function spelledLike(headers: Readonly<Record<string, string>>, name: string): string {
  if (name in headers) return name;
  const lowerCaseName = name.toLowerCase();
  for (const known in headers) {
    if (known.length === name.length && known.toLowerCase() === lowerCaseName) return known;
  }
  return name;
}
