import { type Random, randomId } from '../core/random.ts';
import type { ProxyInfo } from './proxy-info.ts';
import { fillSession, hasSessionPlaceholder } from './proxy-template.ts';
import { hashText } from './rendezvous.ts';

/** A proxy of a list, or one that a session still holds, with what spreading sessions over it needs. */
export interface ProxyEntry {
  /** The normalised URL, `{session}` unfilled; `direct` for a direct connection. */
  readonly key: string;
  readonly hash: number;
  readonly info: ProxyInfo | null;
  readonly isTemplate: boolean;
  /** How many live sessions are bound to it. */
  bindingsCount: number;
  /** When it was last given out; decides ties. */
  lastTurn: number;
  isListed: boolean;
  /** Place in the one heap that holds it, -1 when none does. */
  heapIndex: number;
  /** How much has gone wrong since something last went well. */
  strikes: number;
  /** Monotonic time until which no new session is bound to it. */
  restUntil: number;
}

export function keyOf(info: ProxyInfo | null): string {
  return info?.url ?? 'direct';
}

/** `info` without a session's id: entries are shared. */
export function makeEntry(info: ProxyInfo | null): ProxyEntry {
  const key = keyOf(info);
  return {
    key,
    hash: hashText(key),
    info,
    isTemplate: info !== null && hasSessionPlaceholder(info),
    bindingsCount: 0,
    lastTurn: 0,
    isListed: false,
    heapIndex: -1,
    strikes: 0,
    restUntil: 0,
  };
}

/** The entry as one session sees it. Without a session a template gets a fresh random one. */
export function infoFor(
  entry: ProxyEntry,
  sessionId: string | undefined,
  random: Random,
): ProxyInfo | null {
  const { info } = entry;
  if (info === null) return null;
  if (entry.isTemplate) return fillSession(info, sessionId ?? randomId(random));
  return sessionId === undefined ? info : { ...info, sessionId };
}
