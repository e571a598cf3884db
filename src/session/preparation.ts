import type { Clock, Timer } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import { redactText } from '../core/redact.ts';
import { HookCall, type HookNeed, type HookResult } from './hook-call.ts';
import type { Ledger } from './ledger.ts';
import type { Session } from './session.ts';
import { type HookTools, NO_TOOLS, type ResolvedHooks } from './session-hooks.ts';
import { FLAG_INITIALIZED, FLAG_PROVEN, FLAG_UNFIT } from './slot-table.ts';
import { codeOf } from './timeline.ts';

/** What the pool does when the state of a session changes. */
export interface PreparationOwner {
  handleOf(slot: number): Session;
  /** It may be lent from now on. */
  onFit(slot: number): void;
  /** It may be prepared again, if anybody wants it. */
  onDormant(slot: number): void;
  /** It is set aside: whoever waits needs another one. */
  onQuarantined(slot: number): void;
}

/** A session that is not fit, and what is being done about it. */
interface Patient {
  readonly slot: number;
  readonly id: string;
  need: HookNeed;
  state: 'dormant' | 'queued' | 'running' | 'pausing' | 'quarantined';
  /** Somebody waits for this very session. */
  isPinned: boolean;
  /** In this round of tries. */
  failures: number;
  quarantines: number;
  lastError: string;
  /** Wall clock, ms: when a pause or a quarantine ends. */
  until: number;
  timer: Timer | undefined;
  call: HookCall | undefined;
}

const PAUSE_BASE_MS = 1000;
const PAUSE_MAX_MS = 60_000;
/** Pauses are lengthened by up to this share, so that sessions that failed together do not return together. */
const JITTER = 0.25;
const MAX_QUARANTINES = 3;
/** So many sessions set aside with no success in between: making more of them would only fail more. */
const MAX_FAILURES_IN_A_ROW = 10;

const EVENT_OF: Readonly<Record<Exclude<HookResult, 'failed'>, number>> = {
  initialized: codeOf('initialized'),
  checked: codeOf('checked'),
  refreshed: codeOf('refreshed'),
};
const EVENT_FAILED = codeOf('init failed');
const EVENT_QUARANTINED = codeOf('quarantined');

/**
 * Runs the hooks that make sessions fit for use: one at a time for an id, a bounded number in all, with tries, pauses
 * and quarantine. Sessions are prepared when somebody wants them, not before.
 */
export class Preparation {
  readonly #hooks: ResolvedHooks;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #owner: PreparationOwner;
  readonly #patients = new Map<number, Patient>();
  readonly #dormant = new Set<Patient>();
  readonly #queue = new Set<Patient>();
  /** Ids whose hook has not returned yet, also when its result no longer counts. */
  readonly #busyIds = new Set<string>();
  /** Wall clock, ms: when a fit session was last known to be good. */
  readonly #goodAt = new Map<number, number>();
  readonly #reasons = new Map<number, string>();
  readonly #lenders: HookTools[] = [];
  #runningCount = 0;
  #quarantinedCount = 0;
  #pinnedCount = 0;
  #failuresInARow = 0;
  #lastFailure: string | undefined;
  #isClosed = false;

  constructor(parts: {
    hooks: ResolvedHooks;
    ledger: Ledger;
    clock: Clock;
    random: Random;
    log: Log;
    owner: PreparationOwner;
  }) {
    this.#hooks = parts.hooks;
    this.#ledger = parts.ledger;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#log = parts.log;
    this.#owner = parts.owner;
  }

  get quarantinedCount(): number {
    return this.#quarantinedCount;
  }

  /** Sessions that will be fit soon, if all goes well, for whoever takes any. */
  get onTheWayCount(): number {
    const { size } = this.#patients;
    return size - this.#dormant.size - this.#quarantinedCount - this.#pinnedCount;
  }

  /** Whether a further session may fare better than those before it. */
  get isHopeful(): boolean {
    return this.#failuresInARow < MAX_FAILURES_IN_A_ROW;
  }

  /** What went wrong last, while nothing has gone well since. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  /** A session enters the pool. Unless it was initialised earlier, it is unfit until it is prepared. */
  receive(slot: number): void {
    const flags = this.#ledger.table.flags.get(slot);
    if (!this.#hooks.initSession || (flags & FLAG_INITIALIZED) !== 0) return;
    this.#ledger.table.flags.set(slot, flags | FLAG_UNFIT);
    this.#toSleep(this.#admit(slot, 'init'));
  }

  /** Whether a fit session must be looked at before it is lent. */
  isDue(slot: number, now: number): boolean {
    if (!this.#hooks.checkSession) return false;
    const goodAt = this.#goodAt.get(slot);
    return goodAt === undefined || now - goodAt >= this.#hooks.checkIntervalSecs * 1000;
  }

  /** A fit session is unfit until it has been looked at. The caller has taken it out of the ready ones. */
  recheck(slot: number): void {
    const { table } = this.#ledger;
    table.flags.set(slot, table.flags.get(slot) | FLAG_UNFIT);
    this.#enqueue(this.#admit(slot, 'check'));
  }

  /** Whether hooks are, or will be, busy with it. */
  isAtWork(slot: number): boolean {
    const patient = this.#patients.get(slot);
    return patient !== undefined && patient.state !== 'dormant';
  }

  /** Begins with a session that nobody has wanted so far. */
  prepare(slot: number): void {
    const patient = this.#patients.get(slot);
    if (patient?.state === 'dormant') this.#enqueue(patient);
  }

  /** As `prepare`, for somebody who waits for this very session: others should not count on it. */
  preparePinned(slot: number): void {
    const patient = this.#patients.get(slot);
    if (patient?.state !== 'dormant') return;
    patient.isPinned = true;
    this.#pinnedCount++;
    this.#enqueue(patient);
  }

  /** Begins with one more session; says whether there was one. */
  prepareOneMore(): boolean {
    const patient = this.#dormant.values().next().value;
    if (!patient) return false;
    this.#enqueue(patient);
    return true;
  }

  /** Lends hooks what they send requests and open pages with. Returns how to take it back; what uses it then begins anew later. */
  lend(tools: HookTools): () => void {
    this.#lenders.push(tools);
    return () => {
      const index = this.#lenders.indexOf(tools);
      if (index === -1) return;
      this.#lenders.splice(index, 1);
      for (const patient of this.#patients.values()) {
        if (patient.call?.tools === tools) this.#interrupt(patient);
      }
    };
  }

  /** The session has retired. Returns what its hooks had to do with it, in words. */
  leave(slot: number): string | undefined {
    const reason = this.#reasons.get(slot);
    this.#reasons.delete(slot);
    this.#goodAt.delete(slot);
    const patient = this.#patients.get(slot);
    if (patient) {
      const { call } = patient;
      this.#discharge(patient);
      patient.call = undefined;
      call?.abort(new DOMException('The session has retired', 'AbortError'));
    }
    return reason;
  }

  /** What is being done about a session that is not fit; `undefined` for a fit one. */
  explain(slot: number): { state: 'preparing' | 'quarantined'; summary: string } | undefined {
    const patient = this.#patients.get(slot);
    if (!patient) return undefined;
    const { state, failures, quarantines, lastError, until } = patient;
    const lately = lastError ? `; the last time: ${lastError}` : '';
    if (state === 'quarantined') {
      const why = `its hooks failed ${this.#hooks.maxInitRetries + 1} times in a row${lately}`;
      return {
        state: 'quarantined',
        summary: `In quarantine until ${new Date(until).toISOString()}, for the ${ordinal(quarantines)} time: ${why}.`,
      };
    }
    const doing = {
      dormant: 'Not prepared yet: nobody has needed it so far',
      queued: 'In line to be prepared',
      running: 'Being prepared',
      pausing: `To be prepared again at ${new Date(until).toISOString()}`,
    }[state];
    const tries = failures > 0 ? `, after ${failures} failed tries${lately}` : '';
    return { state: 'preparing', summary: `${doing}${tries}.` };
  }

  close(): void {
    this.#isClosed = true;
    for (const patient of this.#patients.values()) {
      patient.timer?.cancel();
      patient.call?.abort(new DOMException('The session pool was closed', 'AbortError'));
    }
    this.#queue.clear();
  }

  #admit(slot: number, need: HookNeed): Patient {
    const patient: Patient = {
      slot,
      id: this.#ledger.table.ids[slot] as string,
      need,
      state: 'dormant',
      isPinned: false,
      failures: 0,
      quarantines: 0,
      lastError: '',
      until: 0,
      timer: undefined,
      call: undefined,
    };
    this.#patients.set(slot, patient);
    return patient;
  }

  #unpin(patient: Patient): void {
    if (patient.isPinned) this.#pinnedCount--;
    patient.isPinned = false;
  }

  #toSleep(patient: Patient): void {
    this.#unpin(patient);
    patient.state = 'dormant';
    this.#dormant.add(patient);
  }

  #enqueue(patient: Patient): void {
    this.#dormant.delete(patient);
    patient.state = 'queued';
    this.#queue.add(patient);
    this.#pump();
  }

  #pump(): void {
    for (const patient of this.#queue) {
      if (this.#isClosed || this.#runningCount >= this.#hooks.maxConcurrentInits) return;
      // An earlier hook of this id may still be logging in.
      if (this.#busyIds.has(patient.id)) continue;
      this.#queue.delete(patient);
      void this.#run(patient);
    }
  }

  async #run(patient: Patient): Promise<void> {
    const { id, slot, need } = patient;
    const call = new HookCall({
      hooks: this.#hooks,
      tools: this.#lenders.at(-1) ?? NO_TOOLS,
      session: this.#owner.handleOf(slot),
      need,
    });
    patient.state = 'running';
    patient.call = call;
    this.#busyIds.add(id);
    this.#runningCount++;
    let outcome: { readonly result: HookResult } | { readonly error: unknown };
    try {
      const result = await call.run(this.#clock, () => {
        this.#busyIds.delete(id);
        this.#pump();
      });
      outcome = { result };
    } catch (error) {
      outcome = { error };
    }
    this.#runningCount--;
    // A call that was interrupted, or whose session has retired, is nobody's any more.
    if (patient.call === call && !this.#isClosed) {
      patient.call = undefined;
      patient.need = call.need;
      if ('error' in outcome) this.#fail(patient, outcome.error);
      else this.#succeed(patient, outcome.result);
    }
    this.#pump();
  }

  #succeed(patient: Patient, result: HookResult): void {
    const { slot } = patient;
    if (result === 'failed') {
      this.#retire(
        patient,
        'checkSession said that it is no longer good, and there is no hook to refresh it',
      );
      return;
    }
    const { table } = this.#ledger;
    const now = this.#clock.now();
    this.#failuresInARow = 0;
    this.#lastFailure = undefined;
    this.#discharge(patient);
    if (this.#hooks.checkSession) this.#goodAt.set(slot, now);
    const gained = result === 'initialized' ? FLAG_INITIALIZED | FLAG_PROVEN : FLAG_PROVEN;
    table.flags.set(slot, (table.flags.get(slot) | gained) & ~FLAG_UNFIT);
    this.#ledger.timeline.record(slot, EVENT_OF[result], now);
    if (result !== 'checked') this.#ledger.noteCold(slot);
    this.#owner.onFit(slot);
  }

  #fail(patient: Patient, error: unknown): void {
    const { slot, id } = patient;
    patient.lastError = redactText(messageOf(error));
    this.#lastFailure = patient.lastError;
    this.#ledger.timeline.record(slot, EVENT_FAILED, this.#clock.now());
    patient.failures++;
    if (patient.failures <= this.#hooks.maxInitRetries) {
      const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_BASE_MS * 2 ** (patient.failures - 1));
      this.#pause(patient, 'pausing', pauseMs, () => this.#enqueue(patient));
      this.#log.debug(`The session "${id}" is not ready: ${patient.lastError}`);
      return;
    }
    this.#setAside(patient);
  }

  #setAside(patient: Patient): void {
    const { slot, id, lastError } = patient;
    this.#failuresInARow++;
    if (patient.quarantines === MAX_QUARANTINES) {
      const rounds = `through ${MAX_QUARANTINES} quarantines`;
      this.#retire(patient, `its hooks kept failing, ${rounds}; the last time: ${lastError}`);
      return;
    }
    const lastingMs = this.#hooks.quarantineSecs * 1000 * 2 ** patient.quarantines;
    patient.quarantines++;
    this.#quarantinedCount++;
    this.#unpin(patient);
    this.#ledger.timeline.record(slot, EVENT_QUARANTINED, this.#clock.now());
    this.#pause(patient, 'quarantined', lastingMs, () => {
      this.#quarantinedCount--;
      patient.failures = 0;
      this.#toSleep(patient);
      this.#owner.onDormant(slot);
    });
    this.#log.warning(
      `The session "${id}" is set aside for ${Math.round((patient.until - this.#clock.now()) / 1000)} s: ` +
        `its hooks failed ${patient.failures} times in a row; the last time: ${lastError}`,
    );
    this.#owner.onQuarantined(slot);
  }

  #pause(
    patient: Patient,
    state: 'pausing' | 'quarantined',
    baseMs: number,
    onOver: () => void,
  ): void {
    const lastingMs = baseMs * (1 + JITTER * this.#random.next());
    patient.state = state;
    patient.until = this.#clock.now() + lastingMs;
    patient.timer = this.#clock.setTimer(onOver, lastingMs);
  }

  #retire(patient: Patient, why: string): void {
    this.#reasons.set(patient.slot, why);
    this.#log.warning(`The session "${patient.id}" is given up: ${why}`);
    this.#ledger.retire(patient.slot, 'invalid');
  }

  /** Nobody failed: its tools were taken away. It is as it was before. */
  #interrupt(patient: Patient): void {
    const { call, slot } = patient;
    patient.call = undefined;
    call?.abort(new DOMException('The crawl is over', 'AbortError'));
    this.#toSleep(patient);
    this.#owner.onDormant(slot);
  }

  #discharge(patient: Patient): void {
    this.#unpin(patient);
    this.#patients.delete(patient.slot);
    this.#dormant.delete(patient);
    this.#queue.delete(patient);
    patient.timer?.cancel();
    if (patient.state === 'quarantined') this.#quarantinedCount--;
    patient.state = 'running';
  }
}

function ordinal(count: number): string {
  return ['zeroth', 'first', 'second', 'third'][count] ?? `${count}th`;
}
