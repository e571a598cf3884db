import { resolveWorld } from '../worlds/resolve-world.ts';
import type { ProxyGroup, ProxyState, ResolvedWorld, World } from '../worlds/world.ts';
import { blockRunsOf, fitBanSecs, isAnswerOfSite, isRefusal } from './fit-bans.ts';
import { fitBucket } from './fit-bucket.ts';
import { outagesOf, withoutOutages } from './fit-outages.ts';
import { type Fitted, fittedMedian, fittedShare, quantile, sortedNumbers } from './fitted.ts';
import type { LoggedOutcome } from './outcome-log.ts';
import { historiesOf, type ProxyHistory, type Sent } from './proxy-history.ts';

/** A number of the world, by its path there. */
export interface FittedField extends Fitted {
  readonly field: string;
}

export interface FittedWorld {
  readonly world: World;
  readonly fields: readonly FittedField[];
  readonly attemptsCount: number;
  readonly spanSecs: number;
}

/** Fewer 429s, or bans, than this are taken for accidents. */
const LEAST_EVENTS = 5;
const ROUNDING_MS = 0.01;
const STATES: readonly ProxyState[] = ['working', 'dead', 'silent', 'barred'];

/**
 * Estimates the world that a crawl met from its outcomes. What the log cannot tell is left at its default: poisoned
 * URLs, networks, and differences between proxies other than their speed and whether they work.
 */
export function fitWorld(log: readonly LoggedOutcome[], name: string): FittedWorld {
  const fields: FittedField[] = [];
  const note = (field: string, fitted: Fitted): number => {
    fields.push({ field, ...fitted });
    return rounded(fitted.value);
  };
  const all = historiesOf(log);
  const startMs = Math.min(...all.flatMap(({ sent }) => sent[0]?.sentMs ?? []));
  const endMs = Math.max(...log.map(({ at }) => at));
  const outages = outagesOf(all, startMs);
  const working = withoutOutages(all, outages, startMs).filter(({ state }) => state === 'working');
  for (const state of STATES) {
    const count = all.filter((history) => history.state === state).length;
    note(`share of proxies ${state}`, fittedShare(count, all.length));
  }
  const sent = working.flatMap((history) => history.sent);
  const reached = sent.filter(isAnswerOfSite);
  const runs = blockRunsOf(working);
  const share = (field: string, hits: number, count: number): number =>
    hits === 0 ? 0 : note(field, fittedShare(hits, count));
  const answered = reached.filter((one) => one.kind !== 'throttled' && !isRefusal(one));
  const count = (kind: Sent['kind'], status?: number): number =>
    sent.filter((one) => one.kind === kind && (status === undefined || one.status === status))
      .length;
  const rateLimit = fitRateLimit(working, note);
  const site: World['site'] = {
    latencySpread: note('site.latencySpread', latencySpread(working)),
    errorShare: share('site.errorShare', count('target'), answered.length),
    softBlockShare: share('site.softBlockShare', count('blocked', 200), answered.length),
    blockShare: share('site.blockShare', runs.strayCount, answered.length + runs.strayCount),
    rateLimit,
    ban: fitBan(working, rateLimit !== null, note),
    outages,
  };
  const world: World = {
    name,
    summary: `Fitted to ${log.length} outcomes.`,
    durationSecs: Math.min(86_400, Math.max(60, Math.round((endMs - startMs) / 1000))),
    proxies: proxyGroups(all, working, share, sent.length, count('proxy')),
    site,
    crawl: { slots: peakInFlight(all), timeoutSecs: timeoutSecs(all) },
  };
  // A fitted world is a world: what the lab would refuse must not be written.
  resolveWorld(world) satisfies ResolvedWorld;
  return { world, fields, attemptsCount: log.length, spanSecs: (endMs - startMs) / 1000 };
}

type Note = (field: string, fitted: Fitted) => number;

function fitRateLimit(
  working: readonly ProxyHistory[],
  note: Note,
): (NonNullable<World['site']>['rateLimit'] & {}) | null {
  const throttled = working.flatMap(({ sent }) => sent.filter(({ kind }) => kind === 'throttled'));
  if (throttled.length < LEAST_EVENTS) return null;
  const bucket = fitBucket(working, { kind: 'throttle' });
  if (!bucket) return null;
  const named = throttled.flatMap(({ retryAfterSecs }) => retryAfterSecs ?? []);
  return {
    perSec: note('site.rateLimit.perSec', bucket.perSec),
    burst: Math.round(note('site.rateLimit.burst', bucket.burst)),
    retryAfterSecs:
      named.length === 0 ? null : note('site.rateLimit.retryAfterSecs', fittedMedian(named)),
  };
}

function fitBan(
  working: readonly ProxyHistory[],
  hasRateLimit: boolean,
  note: Note,
): (NonNullable<World['site']>['ban'] & {}) | null {
  const { bans } = blockRunsOf(working);
  if (bans.length < LEAST_EVENTS) return null;
  const secs = fitBanSecs(bans);
  if (!secs) return null;
  const afterThrottles = bans.filter(({ throttlesBefore }) => throttlesBefore > 0);
  const length = note('site.ban.secs', secs);
  if (hasRateLimit && afterThrottles.length > bans.length / 2) {
    const counts = fittedMedian(afterThrottles.map(({ throttlesBefore }) => throttlesBefore));
    return { secs: length, afterThrottles: Math.round(note('site.ban.afterThrottles', counts)) };
  }
  const bucket = fitBucket(working, { kind: 'ban', secs: secs.value });
  if (!bucket) return null;
  return {
    secs: length,
    perSec: note('site.ban.perSec', bucket.perSec),
    burst: Math.round(note('site.ban.burst', bucket.burst)),
  };
}

function proxyGroups(
  all: readonly ProxyHistory[],
  working: readonly ProxyHistory[],
  share: (field: string, hits: number, count: number) => number,
  sentCount: number,
  failedCount: number,
): ProxyGroup[] {
  const failureShare = share('proxies.failureShare', failedCount, sentCount);
  return STATES.flatMap((state): ProxyGroup[] => {
    const count = all.filter((history) => history.state === state).length;
    if (count === 0) return [];
    if (state !== 'working') return [{ count, state }];
    return [{ count, latencyMs: latencyOf(working), ...(failureShare > 0 && { failureShare }) }];
  });
}

/** From a slow to a fast proxy; one number where they hardly differ. */
function latencyOf(working: readonly ProxyHistory[]): number | { from: number; to: number } {
  const medians = sortedNumbers(
    working.flatMap(({ sent }) => {
      const latencies = latenciesOf(sent);
      return latencies.length < 3 ? [] : quantile(latencies, 0.5);
    }),
  );
  if (medians.length === 0) return 600;
  const from = Math.max(1, Math.round(quantile(medians, 0.05)));
  const to = Math.max(from, Math.round(quantile(medians, 0.95)));
  return to <= from * 1.25 ? Math.max(1, Math.round(quantile(medians, 0.5))) : { from, to };
}

/** Sigma of a log-normal, from the middle half, which slow stragglers do not move. */
function latencySpread(working: readonly ProxyHistory[]): Fitted {
  const logs = sortedNumbers(
    working.flatMap(({ sent }) => {
      const latencies = latenciesOf(sent);
      const median = quantile(latencies, 0.5);
      return latencies.length < 3 ? [] : latencies.map((one) => Math.log(one / median));
    }),
  );
  if (logs.length < 10) return { value: 0.3, low: 0, high: 3, count: logs.length };
  const value = (quantile(logs, 0.75) - quantile(logs, 0.25)) / 1.349;
  // Standard error of a quartile-based sigma: 1.36 sigma over the root of twice the count, a little above that of the usual one.
  const half = (1.96 * 1.65 * value) / Math.sqrt(2 * logs.length);
  return { value, low: Math.max(0, value - half), high: value + half, count: logs.length };
}

function latenciesOf(sent: readonly Sent[]): number[] {
  return sortedNumbers(
    sent.flatMap(({ kind, latencyMs = 0 }) => (kind === 'ok' && latencyMs > 0 ? latencyMs : [])),
  );
}

function timeoutSecs(all: readonly ProxyHistory[]): number {
  const waits = all.flatMap(({ sent }) =>
    sent.flatMap(({ kind, latencyMs }) => (kind === 'timeout' ? (latencyMs ?? []) : [])),
  );
  const median = quantile(sortedNumbers(waits), 0.5);
  return Number.isNaN(median) ? 30 : Math.min(600, Math.max(0.1, rounded(median / 1000)));
}

/** Most requests under way at once. */
function peakInFlight(all: readonly ProxyHistory[]): number {
  const changes = all.flatMap(({ sent }) =>
    sent.flatMap(({ sentMs, endMs }) => [
      { atMs: sentMs, change: 1 },
      // A slot's next request may begin within the rounding of the log.
      { atMs: endMs - ROUNDING_MS, change: -1 },
    ]),
  );
  changes.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let inFlight = 0;
  let peak = 1;
  for (const { change } of changes) {
    inFlight += change;
    peak = Math.max(peak, inFlight);
  }
  return Math.min(10_000, peak);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
