import type { Fitted } from './fitted.ts';
import type { ProxyHistory, Sent } from './proxy-history.ts';

const THROTTLE_WINDOW_MS = 60_000;
/** A ban is seen in at least so many refusals in a row; fewer are chance. */
const LEAST_REFUSALS = 2;

/** One ban, as far as it was seen: it began at `fromMs` and ended between two requests. */
export interface SeenBan {
  readonly proxy: string;
  readonly fromMs: number;
  readonly lastRefusalMs: number;
  /** `null` when nothing was let through afterwards. */
  readonly nextPassMs: number | null;
  /** 429s on the proxy in the minute before. */
  readonly throttlesBefore: number;
}

export interface BlockRuns {
  readonly bans: readonly SeenBan[];
  /** Refusals that are no ban: the next request was let through. */
  readonly strayCount: number;
}

/** Takes apart refusals in a row, which are bans, and stray ones. Only proxies that work are looked at. */
export function blockRunsOf(histories: readonly ProxyHistory[]): BlockRuns {
  const bans: SeenBan[] = [];
  let strayCount = 0;
  for (const { proxy, sent } of histories) {
    const reached = sent.filter(isAnswerOfSite);
    for (let index = 0; index < reached.length; index++) {
      if (!isRefusal(reached[index] as Sent)) continue;
      let end = index;
      while (end + 1 < reached.length && isRefusal(reached[end + 1] as Sent)) end++;
      const next = reached[end + 1];
      const refusals = end - index + 1;
      if (refusals < LEAST_REFUSALS && next) strayCount++;
      else if (refusals >= LEAST_REFUSALS) bans.push(banOf(proxy, reached, index, end));
      index = end;
    }
  }
  return { bans, strayCount };
}

/** Seconds a ban lasts: the length that contradicts the fewest bans seen. `null` where none was seen to its end. */
export function fitBanSecs(bans: readonly SeenBan[]): Fitted | null {
  const bounds = bans.flatMap(({ fromMs, lastRefusalMs, nextPassMs }) =>
    nextPassMs === null
      ? []
      : { low: (lastRefusalMs - fromMs) / 1000, high: (nextPassMs - fromMs) / 1000 },
  );
  if (bounds.length === 0) return null;
  const ends = [...new Set(bounds.flatMap(({ low, high }) => [low, high]))].sort((a, b) => a - b);
  const contradictions = (secs: number): number =>
    bounds.reduce((sum, { low, high }) => sum + (low > secs || high < secs ? 1 : 0), 0);
  let fewest = Number.POSITIVE_INFINITY;
  let low = 0;
  let high = 0;
  for (let nth = 0; nth < ends.length; nth++) {
    const from = ends[nth] as number;
    const to = ends[nth + 1] ?? from;
    const against = contradictions((from + to) / 2);
    if (against < fewest) {
      fewest = against;
      low = from;
      high = to;
    } else if (against === fewest && high === from) {
      high = to;
    }
  }
  return { value: (low + high) / 2, low, high, count: bounds.length };
}

function banOf(proxy: string, reached: readonly Sent[], from: number, to: number): SeenBan {
  const first = reached[from] as Sent;
  const before = reached[from - 1];
  const throttlesBefore = throttlesIn(reached, from);
  // A ban for too many 429s begins with the last of them.
  const begunBefore = before?.kind === 'throttled' ? before : first;
  return {
    proxy,
    fromMs: begunBefore.sentMs,
    lastRefusalMs: (reached[to] as Sent).sentMs,
    nextPassMs: reached[to + 1]?.sentMs ?? null,
    throttlesBefore,
  };
}

/** 429s in a row of a minute, back to the last ban. */
function throttlesIn(reached: readonly Sent[], before: number): number {
  const end = (reached[before - 1] ?? reached[before])?.sentMs ?? 0;
  let count = 0;
  for (let index = before - 1; index >= 0; index--) {
    const { kind, sentMs } = reached[index] as Sent;
    if (kind === 'blocked' || sentMs <= end - THROTTLE_WINDOW_MS) break;
    if (kind === 'throttled') count++;
  }
  return count;
}

export function isAnswerOfSite({ kind }: Sent): boolean {
  return kind !== 'proxy' && kind !== 'timeout';
}

/** A block page of status 200 is another matter. */
export function isRefusal({ kind, status }: Sent): boolean {
  return kind === 'blocked' && status !== 200;
}
