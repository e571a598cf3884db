import type { CookieChange } from '../../storage/session-hands.ts';
import type { ColdState, WrittenCookie } from '../cold-state.ts';
import { serializedCookies } from '../cookies.ts';

type CookieJson = Readonly<Record<string, unknown>>;

/** Cookies as they came from the store, as the text of a jar that is made when somebody asks for it. */
export function jarJsonOf(cookies: readonly string[]): string | undefined {
  return cookies.length === 0 ? undefined : `{"cookies":[${cookies.join(',')}]}`;
}

/**
 * What has changed in a jar since it was last written, by cookie; from now on it counts as written. When it was
 * written stands in `lastAccessed`, which nothing else needs: so no clock that is behind loses against an earlier write.
 */
export function cookieChangesOf(cold: ColdState | undefined, now: number): CookieChange[] {
  const present = cold && serializedCookies(cold);
  if (!cold || !present) return [];
  const before = writtenBefore(cold.writtenCookies);
  const after = new Map<string, WrittenCookie>();
  const changes: CookieChange[] = [];
  for (const cookie of present as readonly CookieJson[]) {
    if (isDeleted(cookie)) continue;
    const key = keyOf(cookie);
    const known = before.get(key);
    const text = comparable(cookie);
    const at = known?.text === text ? known.at : Math.max(now, (known?.at ?? 0) + 1);
    after.set(key, { text, at });
    if (known?.text !== text) changes.push({ key, json: stamped(cookie, at), at });
  }
  for (const [key, { at }] of before) {
    if (!after.has(key)) changes.push({ key, json: null, at: Math.max(now, at + 1) });
  }
  cold.writtenCookies = after;
  return changes;
}

function writtenBefore(known: ColdState['writtenCookies']): ReadonlyMap<string, WrittenCookie> {
  if (known instanceof Map) return known;
  const written = new Map<string, WrittenCookie>();
  for (const json of (known ?? []) as readonly string[]) {
    const cookie = JSON.parse(json) as CookieJson;
    const at = Date.parse(String(cookie['lastAccessed'])) || 0;
    written.set(keyOf(cookie), { text: comparable(cookie), at });
  }
  return written;
}

/** The jar forgets it when it is next asked. */
function isDeleted({ maxAge }: CookieJson & { readonly maxAge?: unknown }): boolean {
  return typeof maxAge === 'number' && maxAge <= 0;
}

function keyOf(cookie: CookieJson): string {
  return [cookie['domain'], cookie['path'], cookie['key']].join(';');
}

function comparable(cookie: CookieJson): string {
  return JSON.stringify({ ...cookie, lastAccessed: undefined });
}

function stamped(cookie: CookieJson, at: number): string {
  return JSON.stringify({ ...cookie, lastAccessed: new Date(at).toISOString() });
}
