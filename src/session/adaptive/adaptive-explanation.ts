import type { TrialState } from './block-trial.ts';
import type { BreakerEvent, BreakerState } from './breaker.ts';
import type { Origin } from './origin.ts';
import type { Moves, PickReason, Use } from './use.ts';

/** One lease of a session in an adaptive pool: what was expected, why it was picked, and what its outcome changed. */
export interface AdaptiveUseExplanation {
  readonly at: Date;
  /** `''` for a lease that named no URL. */
  readonly origin: string;
  /** Expected success, from 0 to 1. */
  readonly predicted: number;
  /** `null` for a session that was asked for by name. */
  readonly pick: PickReason | null;
  /** It asked an origin that was down whether it answers again. */
  readonly isProbe: boolean;
  /** `null` while the lease is open, and when it ended without a verdict. */
  readonly outcome: AdaptiveOutcomeExplanation | null;
}

/** Which numbers an outcome moved. */
export interface AdaptiveOutcomeExplanation {
  readonly at: Date;
  readonly kind: Moves['kind'];
  /** Added to the evidence for and against the address on the origin. */
  readonly pairGood: number;
  readonly pairBad: number;
  /** Added to the evidence for and against the proxy. */
  readonly proxyGood: number;
  readonly proxyBad: number;
  /** The origin's share of successes. */
  readonly originMean: readonly [before: number, after: number];
  /** Requests a second and address; `null` while none is learnt. */
  readonly rate: readonly [before: number | null, after: number | null];
  readonly breakerScore: readonly [before: number, after: number];
  /** What the address rests until because of it. */
  readonly restsUntil: Date | null;
  /** Who was to blame instead of the session. */
  readonly excuse: Moves['excuse'];
}

/** What an adaptive pool knows of a session: its address as it stands at the origin it was last used on, and its last uses. */
export interface AdaptiveSessionExplanation {
  /** Last uses that are still on record, oldest first. */
  readonly uses: readonly AdaptiveUseExplanation[];
  /** What keeps it from the origin of its last use, if anything does. */
  readonly waits: AdaptiveWait | null;
}

export interface AdaptiveWait {
  readonly origin: string;
  readonly until: Date;
  readonly reason: 'pace' | 'rest' | 'proxy' | 'quarantine';
}

/** What an adaptive pool has learnt of an origin. */
export interface OriginExplanation {
  readonly origin: string;
  /** One sentence. */
  readonly summary: string;
  /** Share of uses that succeed, as a moving average. */
  readonly mean: number;
  readonly medianLatencyMs: number | null;
  readonly inFlight: number;
  /** Addresses used within about a minute. */
  readonly activeAddresses: number;
  readonly pacing: {
    /** Requests a second and address; `null` while nothing is learnt. */
    readonly rate: number | null;
    readonly ceiling: number | null;
    /** Requests a second after which addresses were blocked; `null` while none is read off the blocks. */
    readonly limit: number | null;
    /** As measured of late. */
    readonly observed: number;
    /** Leases have to wait for it. */
    readonly isBound: boolean;
    readonly trial: TrialState;
    /** Until when blocks are no signal. */
    readonly ignoresBlocksUntil: Date | null;
  };
  /** Addresses that answer much sooner than most, and are given more. */
  readonly lane: {
    readonly addresses: number;
    /** Requests a second that each may be given, as one has borne as many; `null` while none is known. */
    readonly borne: number | null;
    /** The one that goes ahead does so by this factor. */
    readonly step: number;
  };
  /** The present guess at how long a ban lasts. */
  readonly banSecs: number;
  readonly breaker: {
    readonly state: BreakerState;
    readonly score: number;
    readonly nextProbeAt: Date | null;
    /** The last changes, oldest first. */
    readonly history: readonly BreakerEvent[];
    /** Sessions in quarantine until it is cleared. */
    readonly quarantined: number;
  };
}

export function explainUse(use: Use): AdaptiveUseExplanation {
  const { moves, reason } = use;
  return {
    at: new Date(use.openedAt),
    origin: use.origin.key,
    predicted: use.predicted,
    pick: Number.isNaN(reason.drawn) ? null : reason,
    isProbe: use.isProbe,
    outcome: moves ? explainMoves(moves) : null,
  };
}

export function explainOriginState(origin: Origin, now: number): OriginExplanation {
  const { pacing, trial, lane, breaker } = origin;
  return {
    origin: origin.key,
    summary: summaryOf(origin, now),
    mean: origin.mean,
    medianLatencyMs: origin.medianLatencyMs || null,
    inFlight: origin.inFlight,
    activeAddresses: pacing.activeCount,
    pacing: {
      rate: finite(pacing.rate),
      ceiling: finite(pacing.ceiling),
      limit: pacing.limit || null,
      observed: pacing.observed(now),
      isBound: pacing.isBound(now),
      trial: trial.state,
      ignoresBlocksUntil: dateAfter(trial.ignoresUntil, now),
    },
    lane: {
      addresses: lane.addresses.length,
      borne: lane.borne || null,
      step: lane.step,
    },
    banSecs: origin.cooldown.banSecs,
    breaker: {
      state: breaker.state,
      score: breaker.score,
      nextProbeAt: breaker.state === 'open' ? new Date(breaker.nextProbeAt) : null,
      history: [...breaker.events],
      quarantined: origin.held.size,
    },
  };
}

function explainMoves(moves: Moves): AdaptiveOutcomeExplanation {
  const { at, kind, pairGood, pairBad, proxyGood, proxyBad, restsUntil, excuse } = moves;
  return {
    at: new Date(at),
    kind,
    pairGood,
    pairBad,
    proxyGood,
    proxyBad,
    excuse,
    originMean: [moves.meanBefore, moves.meanAfter],
    rate: [finite(moves.rateBefore), finite(moves.rateAfter)],
    breakerScore: [moves.scoreBefore, moves.scoreAfter],
    restsUntil: restsUntil > 0 ? new Date(restsUntil) : null,
  };
}

/** By what ends last; `null` where nothing is still to end. */
export function explainWait(
  origin: string,
  ends: readonly (readonly [AdaptiveWait['reason'], until: number])[],
  now: number,
): AdaptiveWait | null {
  const [reason, until] = ends.reduce((latest, next) => (next[1] > latest[1] ? next : latest));
  return until > now ? { origin, until: new Date(until), reason } : null;
}

function summaryOf({ breaker, pacing }: Origin, now: number): string {
  if (breaker.state === 'open') {
    return `Down; the next probe goes out at ${new Date(breaker.nextProbeAt).toISOString()}.`;
  }
  if (breaker.state === 'ramping') return 'It answers again, and gets its load back step by step.';
  if (pacing.isBound(now)) {
    return `Paced: ${pacing.rate.toPrecision(3)} requests a second and address, and requests wait for it.`;
  }
  return Number.isFinite(pacing.rate)
    ? `Up; an address may send up to ${pacing.rate.toPrecision(3)} requests a second.`
    : 'Up; no pace is learnt yet.';
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function dateAfter(time: number, now: number): Date | null {
  return time > now ? new Date(time) : null;
}
