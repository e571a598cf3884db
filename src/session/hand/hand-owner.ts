import type { HandNews, HeldSession } from '../../storage/session-hands.ts';
import type { RetiredSession, SessionStore } from '../../storage/session-store.ts';
import type { EvidenceReports } from '../adaptive/fleet-evidence.ts';
import type { ProxyChange } from '../adaptive/fleet-proxies.ts';
import type { Scheduler } from '../adaptive/scheduler.ts';
import type { Obituaries } from '../explanation.ts';
import type { LeaseDesk } from '../lease-desk.ts';
import type { Ledger } from '../ledger.ts';
import type { RetiredReason } from '../outcome.ts';
import type { Persistence } from '../persistence.ts';
import type { ResolvedPoolOptions } from '../pool-options.ts';
import type { Roster } from '../roster.ts';
import type { SessionMaker } from '../session-maker.ts';
import { limitsOf } from '../session-options.ts';
import { codeOf } from '../timeline.ts';
import { Hand } from './hand.ts';
import type { HandOwner, HandParts } from './hand-parts.ts';
import { slotFor } from './held-session.ts';

const EVENT_TAKEN = codeOf('taken');
const NO_EVIDENCE: EvidenceReports = Object.freeze({ origins: [], watched: null, proxies: [] });

interface PoolParts {
  readonly store: SessionStore;
  readonly options: ResolvedPoolOptions;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly obituaries: Obituaries;
  readonly scheduler: Scheduler | undefined;
  // Made after the hand.
  readonly persistence: () => Persistence;
  readonly desk: () => LeaseDesk;
  readonly maker: () => SessionMaker;
  /** A session that was made may be lent from now on. */
  readonly enterNew: (slot: number) => void;
}

/** The hand of a pool, on a store that lends some. */
export function handOn(
  store: SessionStore,
  parts: Omit<PoolParts, 'store'> & Pick<HandParts, 'table' | 'availability' | 'preparation'>,
): Hand {
  const { maxPoolSize, handLeaseSecs, sessionOptions, clock, random, log } = parts.options;
  parts.options.proxyConfiguration?.shuffle?.(random);
  return new Hand({
    ...parts,
    store,
    maxPoolSize,
    leaseSecs: handLeaseSecs,
    maxUsageCount: limitsOf(sessionOptions).maxUsageCount,
    clock,
    random,
    log,
    owner: new PoolHandOwner({ ...parts, store }),
  });
}

/** What a hand does to the parts of its pool. */
class PoolHandOwner implements HandOwner {
  readonly #parts: PoolParts;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  get #desk(): LeaseDesk {
    return this.#parts.desk();
  }

  enter(held: HeldSession): number {
    const { ledger, roster, options } = this.#parts;
    const persistence = this.#parts.persistence();
    const current = limitsOf(options.sessionOptions);
    const entered = slotFor(held, ledger, { mode: options.restore, current });
    if ('corrupt' in entered) {
      this.#setAside(held.hot.id, entered.corrupt);
      return -1;
    }
    const { slot, isChanged } = entered;
    ledger.timeline.record(slot, EVENT_TAKEN, ledger.now());
    roster.enter(slot);
    persistence.noteStored(slot);
    if (isChanged) persistence.noteCold(slot);
    options.proxyConfiguration?.restore(held.hot.id, ledger.table.proxies.get(slot) ?? null);
    this.#desk.restoreKeys(slot);
    return slot;
  }

  async add(id: string): Promise<string | undefined> {
    const slot = await this.#parts.maker().makeNamed(id);
    if (slot === -1) return undefined;
    const made = this.#parts.ledger.table.ids[slot] as string;
    this.#parts.enterNew(slot);
    return made;
  }

  admit(slots: readonly number[]): void {
    this.#desk.admitAll(slots);
  }

  lackingCount(): number {
    return this.#desk.lackingCount;
  }

  missingIds(): readonly string[] {
    return this.#desk.missingIds();
  }

  isWaitedFor(id: string): boolean {
    return this.#desk.isWaitedFor(id);
  }

  canGrow(): boolean {
    return !this.#parts.maker().isDry;
  }

  makingCount(): number {
    return this.#parts.maker().makingCount;
  }

  evidence(): EvidenceReports {
    const { scheduler, ledger } = this.#parts;
    return scheduler?.fleet.reports(ledger.now()) ?? NO_EVIDENCE;
  }

  onFleetNews(news: HandNews): void {
    const { scheduler, ledger, roster } = this.#parts;
    if (!scheduler) return;
    scheduler.court.noteElsewhere(news.poolSize - roster.size);
    const { proxies, isAnyFree } = scheduler.fleet.note(news, ledger.now());
    if (proxies.length > 0) this.#followProxies(proxies);
    if (isAnyFree) this.#desk.onRoom();
  }

  onPlaces(): void {
    this.#desk.onRoom();
  }

  onFit(slot: number): void {
    this.#desk.onFit(slot);
  }

  onAbsent(id: string): void {
    this.#desk.onMissing(id);
  }

  onRetiredElsewhere({ id, retiredAt }: RetiredSession, reason: RetiredReason): void {
    this.#parts.obituaries.noteRetired(id, reason, retiredAt);
  }

  onFailure(error: unknown): void {
    this.#desk.failWaiting(error);
  }

  /** As when it fails here: no new session comes to it, and those that are of no use make room for others. */
  #followProxies(changes: readonly ProxyChange[]): void {
    const { ledger, roster, options } = this.#parts;
    const failures = new Map<string, number>();
    for (const { url, restMs, inRow } of changes) {
      if (restMs === 0) options.proxyConfiguration?.report(url, 'good');
      else {
        options.proxyConfiguration?.report(url, 'failed');
        failures.set(url, inRow);
      }
    }
    if (failures.size === 0) return;
    const slots = Array.from({ length: roster.size }, (_, index) => roster.at(index));
    for (const slot of slots) {
      const inRow = failures.get(ledger.table.proxies.get(slot)?.url ?? '');
      if (inRow !== undefined && ledger.table.inFlight.get(slot) === 0) {
        ledger.noteProxyFailures(slot, inRow);
      }
    }
  }

  #setAside(id: string, why: string): void {
    const { store, options } = this.#parts;
    options.log.warning(`A stored session could not be read and was put aside: ${id}: ${why}`);
    store.quarantine(id, why).catch((error) => {
      options.log.exception(error, `The session "${id}" could not be put aside`);
    });
  }
}
