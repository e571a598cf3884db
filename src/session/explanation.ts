import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { AdaptiveSessionExplanation } from './adaptive/adaptive-explanation.ts';
import type { FinalState } from './final-state.ts';
import type { RetiredReason } from './outcome.ts';
import type { TimelineEvent, TimelineReading, TimelineTicket } from './timeline.ts';

/** What is known of a session, alive or lately retired, and why it is no longer used. */
export interface SessionExplanation {
  readonly id: string;
  readonly state: 'usable' | 'in use' | 'cooling' | 'preparing' | 'quarantined' | 'retired';
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

/** The few facts kept of a retired session. */
export interface Obituary {
  readonly final: FinalState;
  readonly reason: RetiredReason;
  readonly retiredAt: number;
  readonly timeline: TimelineTicket;
  /** Why, in words, where the reason alone does not tell. */
  readonly note?: string | undefined;
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

  #forget(obituary: Obituary): void {
    const { id } = obituary.final;
    // A later session of the same id may have taken its place.
    if (this.#byId.get(id) === obituary) this.#byId.delete(id);
    this.#onForgotten(obituary);
  }
}

export function explainRetired(
  obituary: Obituary,
  reading: TimelineReading,
  adaptive: AdaptiveSessionExplanation | null,
): SessionExplanation {
  return {
    id: obituary.final.id,
    state: 'retired',
    retiredReason: obituary.reason,
    summary: `Retired: ${whyRetired(obituary, reading)}.`,
    createdAt: new Date(obituary.final.createdAt),
    retiredAt: new Date(obituary.retiredAt),
    restsUntil: null,
    usageCount: obituary.final.usageCount,
    errorScore: obituary.final.errorScore,
    proxy: proxyLabel(obituary.final.proxy),
    timeline: reading.events,
    forgottenCount: reading.forgottenCount,
    adaptive,
  };
}

export function proxyLabel(proxy: ProxyInfo | null): string | null {
  return proxy ? `${proxy.protocol}://${proxy.hostname}:${proxy.port}` : null;
}

function whyRetired(obituary: Obituary, reading: TimelineReading): string {
  const status = reading.events.findLast((event) => event.event === 'retired')?.status;
  switch (obituary.reason) {
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
      return obituary.note ?? 'its hooks could not make it fit for use';
    case 'evicted':
      return 'the pool is smaller than the number of sessions stored';
  }
}
