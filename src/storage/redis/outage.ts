import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { isOutOfMemory, isUnreachable, redisErrorOf } from './redis-error.ts';

export interface OutageOptions {
  readonly address: string;
  readonly maxOutageMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is sent, and where to. */
export interface Call {
  /** The same for all calls of a kind. */
  readonly kind: string;
  /** The same for all calls that surely go to one server. */
  readonly place: string;
}

/**
 * What keeps a server from serving just now: it cannot be reached, or has no memory left. Operations wait for as long
 * as the outage may last, counted from its beginning and not from theirs, so that whoever gives up and closes is not
 * held up once more at each step. An outage is told of once, and so is its end. Of a Cluster some places may be out of
 * order while others serve.
 */
export class Outage {
  readonly #options: OutageOptions;
  /** By place, when it was first missed. */
  readonly #missed = new Map<string, number>();
  readonly #full = new Map<string, Shortage>();

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** Whether a call that met this error may be tried again after a pause. */
  mayWait(call: Call, error: unknown, pauseMs: number): boolean {
    const since = this.#beginOf(call, error);
    if (since === undefined) return false;
    return this.#options.clock.monotonicMs() - since + pauseMs <= this.#options.maxOutageMs;
  }

  /** A call was carried out. */
  noteAnswer({ kind, place }: Call): void {
    const { address, log } = this.#options;
    if (this.#missed.delete(place) && this.#missed.size === 0) log.info(`${address} answers again`);
    if (!this.#full.get(place)?.refused.has(kind)) return;
    this.#full.delete(place);
    if (this.#full.size === 0) log.info(`${address} has room again`);
  }

  /** When the outage began that the error tells of, which may be now. */
  #beginOf({ kind, place }: Call, error: unknown): number | undefined {
    const now = this.#options.clock.monotonicMs();
    if (isUnreachable(error)) {
      if (this.#missed.size === 0) this.#tell(error);
      const since = this.#missed.get(place) ?? now;
      this.#missed.set(place, since);
      return since;
    }
    if (!isOutOfMemory(error)) return undefined;
    if (this.#full.size === 0) this.#tell(error);
    const shortage = this.#full.get(place) ?? { since: now, refused: new Set<string>() };
    shortage.refused.add(kind);
    this.#full.set(place, shortage);
    return shortage.since;
  }

  #tell(error: unknown): void {
    const { address, maxOutageMs, log } = this.#options;
    if (maxOutageMs === 0) return;
    const { message } = redisErrorOf(error, address) as Error;
    log.warning(`${message}. Waiting for it, up to ${maxOutageMs / 1000} s`);
  }
}

interface Shortage {
  readonly since: number;
  /** Kinds of calls. Only the answer to one of them shows that there is room: reads go on all the while. */
  readonly refused: Set<string>;
}
