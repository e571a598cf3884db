import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import { loggedOutcome } from '../lab/fit/outcome-log.ts';
import type { SessionPoolEvents } from '../session/pool-events.ts';
import type { SessionPool } from '../session/session-pool.ts';
import { UsageError } from './usage-error.ts';

/** Lines are written together, so that a fast crawl does not wait for the disk at each page. */
const LINES_AT_ONCE = 200;

/** Writes every outcome of a pool to a file, a line of JSON each, until it is closed. Holds no secrets and no paths of pages. */
export class OutcomeLogFile implements AsyncDisposable {
  readonly #file: number;
  readonly #pool: SessionPool;
  #lines: string[] = [];

  private constructor(file: number, pool: SessionPool) {
    this.#file = file;
    this.#pool = pool;
    pool.events.on('outcomeReported', this.#onOutcome);
  }

  /** @throws UsageError when the file cannot be written */
  static open(path: string, pool: SessionPool): OutcomeLogFile {
    try {
      return new OutcomeLogFile(openSync(path, 'a', 0o600), pool);
    } catch (error) {
      throw new UsageError(`--outcome-log '${path}' cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#pool.events.off('outcomeReported', this.#onOutcome);
    this.#flush();
    closeSync(this.#file);
    return Promise.resolve();
  }

  readonly #onOutcome = (reported: SessionPoolEvents['outcomeReported']): void => {
    const { session, url = '', outcome, leasedAt, at } = reported;
    const logged = loggedOutcome({
      atMs: at,
      proxyUrl: session.proxyInfo?.url ?? null,
      url,
      outcome: { latencyMs: at - leasedAt, ...outcome },
    });
    this.#lines.push(`${JSON.stringify(logged)}\n`);
    if (this.#lines.length >= LINES_AT_ONCE) this.#flush();
  };

  #flush(): void {
    if (this.#lines.length === 0) return;
    writeSync(this.#file, this.#lines.join(''));
    this.#lines = [];
  }
}
