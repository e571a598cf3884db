import { createRequire } from 'node:module';
import type { getPublicSuffix as GetPublicSuffix } from 'tough-cookie';

let getPublicSuffix: typeof GetPublicSuffix | undefined;
const MAX_CACHED = 10_000;
const known = new Map<string, string>();

/**
 * The part of a hostname that one owner registered: `example.co.uk` for `shop.example.co.uk`.
 * Hosts without one (addresses, `localhost`, public suffixes themselves) are returned as they are.
 */
export function registrableDomain(hostname: string): string {
  let domain = known.get(hostname);
  if (domain === undefined) {
    domain = look(hostname);
    if (known.size >= MAX_CACHED) known.clear();
    known.set(hostname, domain);
  }
  return domain;
}

function look(hostname: string): string {
  if (/^[\d.]+$|:/.test(hostname)) return hostname;
  getPublicSuffix ??= (
    createRequire(import.meta.url)('tough-cookie') as { getPublicSuffix: typeof GetPublicSuffix }
  ).getPublicSuffix;
  return getPublicSuffix(hostname, { allowSpecialUseDomain: true, ignoreError: true }) ?? hostname;
}
