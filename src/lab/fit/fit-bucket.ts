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

/** One proxy's answers in order, as flat numbers: each is gone through thousands of times. */
interface Track {
  readonly length: number;
  readonly sentMs: Float64Array;
  /** 1 where the bucket is said to have been empty. */
  readonly isStopped: Uint8Array;
  readonly passesPerSec: number;
}

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
    .filter((sent) => sent.length > 1)
    .map((sent) => trackOf(sent, end));
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

function trackOf(sent: readonly Sent[], end: BucketEnd): Track {
  const isStopped = (one: Sent): boolean =>
    end.kind === 'throttle' ? one.kind === 'throttled' : isRefusal(one);
  const spanMs = (sent.at(-1)?.sentMs ?? 0) - (sent[0]?.sentMs ?? 0);
  const passes = sent.filter((one) => one.kind !== 'throttled' && !isRefusal(one)).length;
  return {
    length: sent.length,
    sentMs: Float64Array.from(sent, ({ sentMs }) => sentMs),
    isStopped: Uint8Array.from(sent, (one) => Number(isStopped(one))),
    passesPerSec: (passes * 1000) / Math.max(1000, spanMs),
  };
}

function fitTracks(tracks: readonly Track[], end: BucketEnd): FittedBucket {
  const count = tracks.reduce((sum, track) => sum + track.length, 0);
  const banMs = end.kind === 'ban' ? end.secs * 1000 : 0;
  /** Infinity for a bucket that is out of the question. */
  const mismatches = (perSec: number, burst: number, most: number): number => {
    let wrong = 0;
    for (const track of tracks) {
      wrong += replay(track, perSec, burst, banMs);
      if (wrong > most) return Number.POSITIVE_INFINITY;
    }
    return wrong;
  };
  const passRate = passesPerSec(tracks);
  const coarse = best(
    rates(passRate / 4, passRate * 16, RATE_STEPS_PER_DECADE),
    bursts(),
    mismatches,
    (least) => least,
  );
  const allowed = (least: number): number => {
    const errorShare = (least + 1) / (count + 2);
    return least + CREDIBLE_DROP / Math.log((1 - errorShare) / errorShare);
  };
  const fine = best(
    rates(coarse.perSec / 1.12, coarse.perSec * 1.12, FINE_STEPS_PER_DECADE),
    bursts(),
    mismatches,
    // With half of the answers wrong the odds turn round, and the bound falls as the fit gets worse.
    (least) => (least < count / 2 ? allowed(least) : Number.POSITIVE_INFINITY),
  );
  const credible = fine.tried.filter(({ wrong }) => wrong <= allowed(fine.least));
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

/** Tries all of them; each only as far as it stays below what `most` still allows beside the best so far. */
function best(
  perSecs: readonly number[],
  burstSizes: readonly number[],
  mismatches: (perSec: number, burst: number, most: number) => number,
  most: (least: number) => number,
): Tried & { readonly least: number; readonly tried: readonly Tried[] } {
  const tried: Tried[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const perSec of perSecs) {
    for (const burst of burstSizes) {
      const wrong = mismatches(perSec, burst, most(least));
      least = Math.min(least, wrong);
      tried.push({ perSec, burst, wrong });
    }
  }
  const ties = tried.filter(({ wrong }) => wrong === least);
  return { ...(ties[ties.length >> 1] as Tried), least, tried };
}

/**
 * By how many tokens in all the bucket contradicts the answers to one proxy. It follows them, so that one contradiction
 * leads to no others: what was let through took a token, and what was stopped found less than one.
 */
function replay(track: Track, perSec: number, burst: number, banMs: number): number {
  const { length, sentMs, isStopped } = track;
  let tokens = burst;
  let filledAtMs = sentMs[0] as number;
  let bannedUntilMs = Number.NEGATIVE_INFINITY;
  let wrong = 0;
  for (let nth = 0; nth < length; nth++) {
    const atMs = sentMs[nth] as number;
    if (atMs < bannedUntilMs) {
      if (isStopped[nth] === 0) wrong++;
      continue;
    }
    const filled = tokens + ((atMs - filledAtMs) * perSec) / 1000;
    tokens = Math.min(burst, filled);
    filledAtMs = atMs;
    if (isStopped[nth] === 1) {
      // A bucket for one token, kept full, must not pass for an empty one.
      wrong += Math.max(0, Math.min(Math.max(burst, 2), filled) - 1);
      tokens = Math.min(1, tokens);
      if (banMs > 0) bannedUntilMs = atMs + banMs;
    } else {
      wrong += Math.max(0, 1 - tokens);
      tokens = Math.max(0, tokens - 1);
    }
  }
  return wrong;
}

/** Of the busiest quarter of the proxies. */
function passesPerSec(tracks: readonly Track[]): number {
  const sorted = tracks.map((track) => track.passesPerSec).sort((a, b) => a - b);
  return Math.max(0.01, sorted[Math.floor(sorted.length * 0.75)] ?? 0.01);
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
