import type { ProxyInfo } from './proxy-info.ts';
import { parseProxyTemplate } from './proxy-template.ts';
import { ProxyUrlError } from './proxy-url-error.ts';

/** One entry of a list before it is parsed. */
export interface ListedProxy {
  /** `null` for a direct connection. */
  readonly text: string | null;
  /** Such as `proxyUrls[2]` or `line 3 of proxies.txt`. */
  readonly where: string;
}

/**
 * Splits a text list: one proxy a line, `direct` for a direct connection. Empty lines are skipped, and so
 * are comments: lines that begin with `#`, and what follows white space and a `#`.
 */
export function splitProxyList(text: string, name: string): ListedProxy[] {
  const listed: ListedProxy[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    const entry = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (entry === '') continue;
    listed.push({
      text: entry.toLowerCase() === 'direct' ? null : entry,
      where: `line ${index + 1} of ${name}`,
    });
  }
  return listed;
}

/** Gives each entry of an array its place, such as `proxyUrls[0]`. */
export function numberProxies(entries: readonly unknown[], name: string): ListedProxy[] {
  return entries.map((entry, index) => ({
    text: entry as string | null,
    where: `\`${name}[${index}]\``,
  }));
}

/**
 * Parses every entry. Two entries are the same when their normalised URLs are.
 *
 * @throws ProxyUrlError for the first entry that cannot be used, or that stands in the list already
 */
export function parseProxyList(
  listed: readonly ListedProxy[],
  countryCode: string | undefined,
): (ProxyInfo | null)[] {
  const seen = new Map<string | null, string>();
  return listed.map(({ text, where }) => {
    const info = text === null ? null : parseProxyTemplate(text, where, countryCode);
    const earlier = seen.get(info?.url ?? null);
    if (earlier !== undefined) {
      throw new ProxyUrlError(where, text, `it is the same as ${earlier}`);
    }
    seen.set(info?.url ?? null, where);
    return info;
  });
}
