import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { AdaptiveSessionExplanation } from './adaptive/adaptive-explanation.ts';
import type { FinalState } from './final-state.ts';
import { type Departure, RETIRED_REASONS } from './ledger.ts';
import type { RetiredReason } from './outcome.ts';
import type { Session } from './session.ts';
import type { TimelineEvent, TimelineReading, TimelineTicket } from './timeline.ts';

/** What is known of a session, alive, lately retired or lately gone elsewhere, and why it is no longer used. */
export interface SessionExplanation {
  readonly id: string;
  /** `elsewhere`: this worker had it, and it is in another's hand now, or in none. */
  readonly state:
    | 'usable'
    | 'in use'
    | 'cooling'
    | 'preparing'
    | 'quarantined'
    | 'retired'
    | 'elsewhere';
  readonly retiredReason: RetiredReason | null;
  /** One sentence. */
  readonly summary: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  readonly restsUntil: Date | null;
  readonly usageCount: number;
  readonly errorScore: number;
  /** Without credentials; `null` for a direct connection. */
  readonly proxy: string | null;
  /** The last events, oldest first. */
  readonly timeline: readonly TimelineEvent[];
  /** Events before the first one shown. */
  readonly forgottenCount: number;
  /** Predictions, picks and what outcomes changed; `null` unless the pool's selection is `adaptive`. */
  readonly adaptive: AdaptiveSessionExplanation | null;
}

/** The few facts kept of a session that has left the pool. */
export interface Obituary {
  readonly final: FinalState;
  /** Why it retired, or how it went elsewhere. */
  reason: RetiredReason | Departure;
  retiredAt: number;
  readonly timeline: TimelineTicket;
  /** Why, in words, where the reason alone does not tell. */
  note?: string | undefined;
  /** Where it stood, until another session came there. */
  readonly slot: number;
  readonly generation: number;
}

/** The last so many retired sessions can be explained. */
const MAX_OBITUARIES = 1000;

/** Remembers the last retired sessions, and lets the older ones go. */
export class Obituaries {
  readonly #byId = new Map<string, Obituary>();
  /** In the order they came, round and round. */
  readonly #ring: Obituary[] = [];
  #next = 0;
  readonly #onForgotten: (obituary: Obituary) => void;

  constructor(onForgotten: (obituary: Obituary) => void) {
    this.#onForgotten = onForgotten;
  }

  get(id: string): Obituary | undefined {
    return this.#byId.get(id);
  }

  add(obituary: Obituary): void {
    const oldest = this.#ring[this.#next];
    if (oldest) this.#forget(oldest);
    this.#ring[this.#next] = obituary;
    this.#next = (this.#next + 1) % MAX_OBITUARIES;
    this.#byId.set(obituary.final.id, obituary);
  }

  /** Why a session that is not alive here retired; `undefined` where it did not, as far as is known. */
  reasonOf(id: string): RetiredReason | undefined {
    const reason = this.#byId.get(id)?.reason;
    return reason === undefined || isDeparture(reason) ? undefined : reason;
  }

  /** A session that had gone elsewhere has retired there. */
  noteRetired(id: string, reason: RetiredReason, retiredAt: number): void {
    const obituary = this.#byId.get(id);
    if (!obituary || !isDeparture(obituary.reason)) return;
    obituary.reason = reason;
    obituary.retiredAt = retiredAt;
    obituary.note = `by another worker, as ${reason}`;
    // Handles that users hold show it too.
    obituary.final.retiredReason = RETIRED_REASONS.indexOf(reason) + 1;
  }

  #forget(obituary: Obituary): void {
    const { id } = obituary.final;
    // A later session of the same id may have taken its place.
    if (this.#byId.get(id) === obituary) this.#byId.delete(id);
    this.#onForgotten(obituary);
  }
}

/** What is being done about a session that may not be lent as it is. */
export interface Unfitness {
  readonly state: 'preparing' | 'quarantined';
  readonly summary: string;
}

export function explainAlive(
  session: Session,
  reading: TimelineReading,
  adaptive: AdaptiveSessionExplanation | null,
  known: {
    readonly unfit: Unfitness | undefined;
    readonly isQuarantined: boolean;
    readonly isInUse: boolean;
  },
): SessionExplanation {
  const { restsUntil } = session;
  const { unfit } = known;
  const state = unfit?.state ?? aliveState(known, restsUntil);
  return {
    id: session.id,
    state,
    retiredReason: null,
    summary: unfit?.summary ?? aliveSummary(state, restsUntil),
    createdAt: session.createdAt,
    retiredAt: null,
    restsUntil,
    usageCount: session.usageCount,
    errorScore: session.errorScore,
    proxy: proxyLabel(session.proxyInfo),
    timeline: reading.events,
    forgottenCount: reading.forgottenCount,
    adaptive,
  };
}

function aliveState(
  { isQuarantined, isInUse }: { readonly isQuarantined: boolean; readonly isInUse: boolean },
  restsUntil: Date | null,
): SessionExplanation['state'] {
  if (isQuarantined) return 'quarantined';
  if (isInUse) return 'in use';
  return restsUntil ? 'cooling' : 'usable';
}

function aliveSummary(state: string, restsUntil: Date | null): string {
  return restsUntil
    ? `Alive; nothing goes out on it before ${restsUntil.toISOString()}.`
    : `Alive and ${state}.`;
}

export function explainGone(
  obituary: Obituary,
  reading: TimelineReading,
  adaptive: AdaptiveSessionExplanation | null,
): SessionExplanation {
  const { reason } = obituary;
  const isElsewhere = isDeparture(reason);
  return {
    id: obituary.final.id,
    state: isElsewhere ? 'elsewhere' : 'retired',
    retiredReason: isElsewhere ? null : reason,
    summary: isElsewhere
      ? WHY_ELSEWHERE[reason]
      : `Retired: ${obituary.note ?? whyRetired(reason, obituary, reading)}.`,
    createdAt: new Date(obituary.final.createdAt),
    retiredAt: isElsewhere ? null : new Date(obituary.retiredAt),
    restsUntil: null,
    usageCount: obituary.final.usageCount,
    errorScore: obituary.final.errorScore,
    proxy: proxyLabel(obituary.final.proxy),
    timeline: reading.events,
    forgottenCount: reading.forgottenCount,
    adaptive,
  };
}

function proxyLabel(proxy: ProxyInfo | null): string | null {
  return proxy ? `${proxy.protocol}://${proxy.hostname}:${proxy.port}` : null;
}

const WHY_ELSEWHERE: Readonly<Record<Departure, string>> = Object.freeze({
  returned: 'Given back to the pool that the workers share: another may have it.',
  lost:
    'Lost: the store did not hear of this worker for longer than its lease, so that others may have the session. ' +
    'What requests in flight report later is added to what others have of it.',
});

function isDeparture(reason: RetiredReason | Departure): reason is Departure {
  return reason === 'returned' || reason === 'lost';
}

function whyRetired(reason: RetiredReason, obituary: Obituary, reading: TimelineReading): string {
  const status = reading.events.findLast((event) => event.event === 'retired')?.status;
  switch (reason) {
    case 'blocked':
      if (status === undefined) return 'the site blocked it';
      if (status < 400) return `the site answered ${status} with a page that means blocked`;
      return `the site answered ${status}, which means blocked`;
    case 'error-score':
      return `its error score reached ${obituary.final.errorScore}, the limit is ${obituary.final.limits.maxErrorScore}`;
    case 'exhausted':
      return `it was used ${obituary.final.usageCount} times, as often as maxUsageCount allows`;
    case 'expired':
      return 'its time was up (maxAgeSecs)';
    case 'manual':
      return 'by hand, with retire()';
    case 'proxy':
      return 'its proxy failed; the session itself is not to blame';
    case 'invalid':
      return 'its hooks could not make it fit for use';
    case 'evicted':
      return 'the pool is smaller than the number of sessions stored';
  }
}
