import { OUTCOME_KINDS, type OutcomeKind, type RetiredReason } from './outcome.ts';
import { grown } from './slot-table.ts';

/** What can happen to a session; the outcomes are what its uses came to. */
export type TimelineEventName =
  | 'restored'
  | 'leased'
  | 'released'
  | 'marked good'
  | 'marked bad'
  | 'retired'
  | 'initialized'
  | 'refreshed'
  | 'checked'
  | 'init failed'
  | 'quarantined'
  | 'acquitted'
  | 'refunded'
  | 'taken'
  | 'returned'
  | 'lost'
  | OutcomeKind;

export interface TimelineEvent {
  readonly at: Date;
  readonly event: TimelineEventName;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** For `throttled`: how long the session was put to rest. */
  readonly cooldownSecs?: number;
  readonly retiredReason?: RetiredReason;
}

/** Oldest first. */
export interface TimelineReading {
  readonly events: readonly TimelineEvent[];
  /** How many older ones are no longer known. */
  readonly forgottenCount: number;
}

/** The timeline of a session that is gone. */
export interface TimelineTicket {
  readonly page: number;
  readonly generation: number;
}

const NOTHING: TimelineReading = Object.freeze({ events: [], forgottenCount: 0 });
const NO_TICKET: TimelineTicket = Object.freeze({ page: -1, generation: 0 });

/** What goes as it should comes first. */
const ROUTINE: readonly TimelineEventName[] = [
  'restored',
  'taken',
  'returned',
  'leased',
  'released',
  'marked good',
  'retired',
  'ok',
];

const NAMES: readonly TimelineEventName[] = [
  ...ROUTINE,
  'marked bad',
  ...OUTCOME_KINDS.filter((kind) => kind !== 'ok'),
  'initialized',
  'refreshed',
  'checked',
  'init failed',
  'quarantined',
  'acquitted',
  'refunded',
  'lost',
];

const CODES: ReadonlyMap<TimelineEventName, number> = new Map(
  NAMES.map((name, code) => [name, code]),
);

/** Codes for the events of the hot path, looked up once. */
export const EVENT_LEASED: number = codeOf('leased');
export const EVENT_RELEASED: number = codeOf('released');
export const EVENT_RESTORED: number = codeOf('restored');
export const EVENT_GOOD: number = codeOf('marked good');
export const EVENT_BAD: number = codeOf('marked bad');
export const EVENT_RETIRED: number = codeOf('retired');

export function codeOf(name: TimelineEventName): number {
  return CODES.get(name) as number;
}

/** The last so many events of a session are remembered. */
const EVENTS_PER_PAGE = 16;
const PAGE_LENGTH = EVENTS_PER_PAGE * 2;
/**
 * So many sessions have a timeline at once: 4 MB. Beyond it, what goes as it should is no longer recorded of the
 * others, and what does not takes the page longest in use.
 */
const MAX_PAGES = 16_384;

/**
 * The recent past of each session, in a bounded ring per session ("page") and a bounded number of pages,
 * so that recording costs a few stores into arrays and a million sessions cost no more than thousands.
 */
export class Timeline {
  readonly #reasons: readonly RetiredReason[];
  /** Two numbers an event: its time, and the rest packed; see `packed`. */
  #events: Float64Array = new Float64Array(64 * PAGE_LENGTH);
  /** Events ever written to a page. */
  #written: Uint32Array = new Uint32Array(64);
  #ownerOfPage: Int32Array = new Int32Array(64);
  /** Raised when a page changes hands, so that old tickets are void. */
  #generation: Uint32Array = new Uint32Array(64);
  /** Page of a slot, plus one. */
  #pageOfSlot: Int32Array = new Int32Array(16);
  readonly #freePages: number[] = [];
  #pagesUsed = 0;
  #nextVictim = 0;

  constructor(reasons: readonly RetiredReason[]) {
    this.#reasons = reasons;
  }

  record(slot: number, code: number, at: number, status = 0, detail = 0): void {
    let page = (slot < this.#pageOfSlot.length ? (this.#pageOfSlot[slot] as number) : 0) - 1;
    if (page === -1) {
      if (this.#isFull && code < ROUTINE.length) return;
      page = this.#openPage(slot);
    }
    const written = this.#written[page] as number;
    this.#written[page] = written + 1;
    const index = page * PAGE_LENGTH + (written % EVENTS_PER_PAGE) * 2;
    this.#events[index] = at;
    this.#events[index + 1] = packed(code, status, detail);
  }

  read(slot: number): TimelineReading {
    const page = (this.#pageOfSlot[slot] ?? 0) - 1;
    return page === -1 ? NOTHING : this.#readPage(page);
  }

  /** Takes the page from its slot; the ticket reads it until it is given up or the page is needed elsewhere. */
  detach(slot: number): TimelineTicket {
    const page = (slot < this.#pageOfSlot.length ? (this.#pageOfSlot[slot] as number) : 0) - 1;
    if (page === -1) return NO_TICKET;
    this.#pageOfSlot[slot] = 0;
    this.#ownerOfPage[page] = -1;
    return { page, generation: this.#generation[page] as number };
  }

  readDetached(ticket: TimelineTicket): TimelineReading {
    return this.#isCurrent(ticket) ? this.#readPage(ticket.page) : NOTHING;
  }

  giveUp(ticket: TimelineTicket): void {
    if (!this.#isCurrent(ticket)) return;
    this.#generation[ticket.page] = ticket.generation + 1;
    this.#freePages.push(ticket.page);
  }

  #isCurrent(ticket: TimelineTicket): boolean {
    return ticket.page !== -1 && this.#generation[ticket.page] === ticket.generation;
  }

  #readPage(page: number): TimelineReading {
    const written = this.#written[page] as number;
    const kept = Math.min(written, EVENTS_PER_PAGE);
    const events: TimelineEvent[] = [];
    for (let n = written - kept; n < written; n++) {
      events.push(this.#eventAt(page * PAGE_LENGTH + (n % EVENTS_PER_PAGE) * 2));
    }
    return { events, forgottenCount: written - kept };
  }

  #eventAt(index: number): TimelineEvent {
    const at = new Date(this.#events[index] as number);
    const { code, status, detail } = unpacked(this.#events[index + 1] as number);
    const event = NAMES[code] as TimelineEventName;
    const isRest = event === 'throttled' || event === 'proxy';
    return {
      at,
      event,
      ...(status > 0 ? { status } : {}),
      ...(isRest && detail > 0 ? { cooldownSecs: detail } : {}),
      ...(event === 'retired' ? { retiredReason: this.#reasons[detail] as RetiredReason } : {}),
    };
  }

  get #isFull(): boolean {
    return this.#pagesUsed === MAX_PAGES && this.#freePages.length === 0;
  }

  #openPage(slot: number): number {
    if (slot >= this.#pageOfSlot.length) {
      this.#pageOfSlot = grown(
        this.#pageOfSlot,
        new Int32Array(Math.max(slot + 1, Math.ceil(this.#pageOfSlot.length * 1.5))),
      );
    }
    const page =
      this.#freePages.pop() ?? (this.#pagesUsed < MAX_PAGES ? this.#newPage() : this.#takePage());
    this.#pageOfSlot[slot] = page + 1;
    this.#ownerOfPage[page] = slot;
    this.#written[page] = 0;
    return page;
  }

  #newPage(): number {
    if (this.#pagesUsed === this.#written.length) this.#grow();
    return this.#pagesUsed++;
  }

  #takePage(): number {
    const page = this.#nextVictim;
    this.#nextVictim = (page + 1) % MAX_PAGES;
    const owner = this.#ownerOfPage[page] as number;
    if (owner !== -1) this.#pageOfSlot[owner] = 0;
    this.#generation[page] = (this.#generation[page] as number) + 1;
    return page;
  }

  #grow(): void {
    const pages = Math.min(MAX_PAGES, this.#written.length * 2);
    this.#events = grown(this.#events, new Float64Array(pages * PAGE_LENGTH));
    this.#written = grown(this.#written, new Uint32Array(pages));
    this.#ownerOfPage = grown(this.#ownerOfPage, new Int32Array(pages));
    this.#generation = grown(this.#generation, new Uint32Array(pages));
  }
}

const STATUS_UNIT = 32;
const DETAIL_UNIT = STATUS_UNIT * 65_536;

/** Code below 32, status below 65,536, detail in tenths below 2³¹: together fewer than the 53 bits of a number. */
function packed(code: number, status: number, detail: number): number {
  return code + status * STATUS_UNIT + Math.round(detail * 10) * DETAIL_UNIT;
}

function unpacked(value: number): { code: number; status: number; detail: number } {
  return {
    code: value % STATUS_UNIT,
    status: Math.floor(value / STATUS_UNIT) % 65_536,
    detail: Math.floor(value / DETAIL_UNIT) / 10,
  };
}
