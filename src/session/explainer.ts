import type { OriginExplanation } from './adaptive/adaptive-explanation.ts';
import type { Scheduler } from './adaptive/scheduler.ts';
import { explainAlive, explainGone, Obituaries, type SessionExplanation } from './explanation.ts';
import { FinalState } from './final-state.ts';
import type { Departure } from './ledger.ts';
import type { RetiredReason } from './outcome.ts';
import type { Preparation } from './preparation.ts';
import type { Roster } from './roster.ts';
import { FLAG_HELD, type SlotTable } from './slot-table.ts';
import type { Timeline } from './timeline.ts';

/** Tells what a pool knows of its sessions, and of origins. */
export class Explainer {
  readonly #table: SlotTable;
  readonly #roster: Roster;
  readonly #timeline: Timeline;
  readonly obituaries: Obituaries;
  readonly #preparation: Preparation | undefined;
  readonly #scheduler: Scheduler | undefined;

  constructor(parts: {
    table: SlotTable;
    roster: Roster;
    timeline: Timeline;
    preparation: Preparation | undefined;
    scheduler: Scheduler | undefined;
  }) {
    this.#table = parts.table;
    this.#roster = parts.roster;
    this.#timeline = parts.timeline;
    this.obituaries = new Obituaries((gone) => parts.timeline.giveUp(gone.timeline));
    this.#preparation = parts.preparation;
    this.#scheduler = parts.scheduler;
  }

  /** A session leaves the pool. */
  noteGone(
    slot: number,
    gone: {
      readonly reason: RetiredReason | Departure;
      readonly at: number;
      readonly note: string | undefined;
    },
  ): void {
    this.obituaries.add({
      final: new FinalState(this.#table, slot),
      reason: gone.reason,
      retiredAt: gone.at,
      timeline: this.#timeline.detach(slot),
      note: gone.note,
      slot,
      generation: this.#table.generationOf(slot),
    });
  }

  explain(id: string): SessionExplanation | null {
    const slot = this.#roster.slotOf(id);
    if (slot !== -1) return this.#explainAlive(slot);
    const obituary = this.obituaries.get(id);
    if (!obituary) return null;
    const adaptive = this.#scheduler?.explain(obituary.slot, obituary.generation) ?? null;
    return explainGone(obituary, this.#timeline.readDetached(obituary.timeline), adaptive);
  }

  explainOrigin(url: string): OriginExplanation | null {
    return this.#scheduler?.explainOrigin(url) ?? null;
  }

  #explainAlive(slot: number): SessionExplanation {
    const adaptive = this.#scheduler?.explain(slot, this.#table.generationOf(slot)) ?? null;
    return explainAlive(this.#roster.handleOf(slot), this.#timeline.read(slot), adaptive, {
      unfit: this.#preparation?.explain(slot),
      isQuarantined: (this.#table.flags.get(slot) & FLAG_HELD) !== 0,
      isInUse: this.#table.inFlight.get(slot) > 0,
    });
  }
}
