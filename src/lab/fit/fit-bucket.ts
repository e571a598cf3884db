import { isAnswerOfSite, isRefusal } from './fit-bans.ts';
import type { Fitted } from './fitted.ts';
import type { ProxyHistory, Sent } from './proxy-history.ts';

export interface FittedBucket {
  readonly perSec: Fitted;
  readonly burst: Fitted;
  /** Tokens by which the fitted bucket contradicts the log, for each answer. */
  readonly mismatchShare: number;
}

/** What going over the bucket leads to: a 429, or a ban of so many seconds. */
export type BucketEnd =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'ban'; readonly secs: number };

type Track = readonly Sent[];

const MAX_BURST = 64;
const MAX_ANSWERS = 10_000;
const RATE_STEPS_PER_DECADE = 24;
const FINE_STEPS_PER_DECADE = 576;
/** Half of the 95 % quantile of chi-squared with one degree of freedom: the drop in log-likelihood that is still credible. */
const CREDIBLE_DROP = 1.92;

/**
 * The token bucket that explains best which requests were let through: every request of the log is sent once more
 * through a bucket of each rate and burst. The interval is that of the profile likelihood, where a token too many or
 * too few counts as one wrong answer, with the odds of the best fit.
 */
export function fitBucket(histories: readonly ProxyHistory[], end: BucketEnd): FittedBucket | null {
  const tracks = histories
    .map(({ sent }) =>
      sent.filter((one) => isAnswerOfSite(one) && !(end.kind === 'throttle' && isRefusal(one))),
    )
    .filter((track) => track.length > 1);
  return tracks.length === 0 ? null : fitTracks(firstOf(tracks), end);
}

/** Some proxies are enough, and the time it takes stays bounded. */
function firstOf(tracks: readonly Track[]): readonly Track[] {
  let count = 0;
  return tracks.filter((track, nth) => {
    count += track.length;
    return nth === 0 || count <= MAX_ANSWERS;
  });
}

function fitTracks(tracks: readonly Track[], end: BucketEnd): FittedBucket {
  const count = tracks.reduce((sum, track) => sum + track.length, 0);
  const mismatches = (perSec: number, burst: number): number =>
    tracks.reduce((sum, track) => sum + replay(track, perSec, burst, end), 0);
  const passRate = passesPerSec(tracks);
  const coarse = best(
    rates(passRate / 4, passRate * 16, RATE_STEPS_PER_DECADE),
    bursts(),
    mismatches,
  );
  const fine = best(
    rates(coarse.perSec / 1.12, coarse.perSec * 1.12, FINE_STEPS_PER_DECADE),
    bursts(),
    mismatches,
  );
  const errorShare = (fine.least + 1) / (count + 2);
  const allowed = fine.least + CREDIBLE_DROP / Math.log((1 - errorShare) / errorShare);
  const credible = fine.tried.filter(({ wrong }) => wrong <= allowed);
  const range = (of: (tried: Tried) => number): Fitted => {
    const ties = fine.tried.filter(({ wrong }) => wrong === fine.least).map(of);
    const all = credible.map(of);
    return {
      value: (Math.min(...ties) + Math.max(...ties)) / 2,
      low: Math.min(...all),
      high: Math.max(...all),
      count,
    };
  };
  return {
    perSec: widened(range(({ perSec }) => perSec)),
    burst: range(({ burst }) => burst),
    mismatchShare: fine.least / count,
  };
}

/** By the distance of two rates that were tried: the truth may lie between them. */
function widened(fitted: Fitted): Fitted {
  const step = 10 ** (1 / FINE_STEPS_PER_DECADE);
  return { ...fitted, low: fitted.low / step, high: fitted.high * step };
}

interface Tried {
  readonly perSec: number;
  readonly burst: number;
  readonly wrong: number;
}

function best(
  perSecs: readonly number[],
  burstSizes: readonly number[],
  mismatches: (perSec: number, burst: number) => number,
): Tried & { readonly least: number; readonly tried: readonly Tried[] } {
  const tried: Tried[] = [];
  for (const perSec of perSecs) {
    for (const burst of burstSizes) tried.push({ perSec, burst, wrong: mismatches(perSec, burst) });
  }
  const least = Math.min(...tried.map(({ wrong }) => wrong));
  const ties = tried.filter(({ wrong }) => wrong === least);
  return { ...(ties[ties.length >> 1] as Tried), least, tried };
}

/**
 * By how many tokens in all the bucket contradicts the answers to one proxy. It follows them, so that one contradiction
 * leads to no others: what was let through took a token, and what was stopped found less than one.
 */
function replay(track: Track, perSec: number, burst: number, end: BucketEnd): number {
  let tokens = burst;
  let filledAtMs = track[0]?.sentMs ?? 0;
  let bannedUntilMs = Number.NEGATIVE_INFINITY;
  let wrong = 0;
  for (const one of track) {
    const isStopped = end.kind === 'throttle' ? one.kind === 'throttled' : isRefusal(one);
    if (one.sentMs < bannedUntilMs) {
      if (!isStopped) wrong++;
      continue;
    }
    const filled = tokens + ((one.sentMs - filledAtMs) * perSec) / 1000;
    tokens = Math.min(burst, filled);
    filledAtMs = one.sentMs;
    if (isStopped) {
      // A bucket for one token, kept full, must not pass for an empty one.
      wrong += Math.max(0, Math.min(Math.max(burst, 2), filled) - 1);
      tokens = Math.min(1, tokens);
      if (end.kind === 'ban') bannedUntilMs = one.sentMs + end.secs * 1000;
    } else {
      wrong += Math.max(0, 1 - tokens);
      tokens = Math.max(0, tokens - 1);
    }
  }
  return wrong;
}

/** Of the busiest quarter of the proxies. */
function passesPerSec(tracks: readonly Track[]): number {
  const perTrack = tracks.map((track) => {
    const spanMs = (track.at(-1)?.sentMs ?? 0) - (track[0]?.sentMs ?? 0);
    const passes = track.filter((one) => one.kind !== 'throttled' && !isRefusal(one)).length;
    return (passes * 1000) / Math.max(1000, spanMs);
  });
  perTrack.sort((a, b) => a - b);
  return Math.max(0.01, perTrack[Math.floor(perTrack.length * 0.75)] ?? 0.01);
}

function rates(from: number, to: number, stepsPerDecade: number): number[] {
  const steps = Math.max(1, Math.ceil(Math.log10(to / from) * stepsPerDecade));
  return Array.from({ length: steps + 1 }, (_, step) => from * (to / from) ** (step / steps));
}

function bursts(): number[] {
  const sizes: number[] = [];
  for (let size = 1; size <= MAX_BURST; size += size < 16 ? 1 : Math.ceil(size / 8))
    sizes.push(size);
  return sizes;
}
