import { rm } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import type { ProcessGuard } from './process-guard.ts';
import { tryFor } from './try-for.ts';

export interface BrowserProcessParts {
  /** Leader of the browser's process group; `undefined` when it cannot be told. */
  readonly pid: number | undefined;
  /** Removed when the process is gone. */
  readonly folders: readonly string[];
  readonly guard: ProcessGuard;
  readonly clock: Clock;
  /** How long the browser may take to end by itself. */
  readonly graceMs: number;
  /** Asks the browser to end. */
  end(): Promise<unknown>;
}

const POLL_MS = 10;
/** How long a killed group may take to be gone. */
const GROUP_MS = 300;

/** Life and death of one browser process: whatever ends it, no process and no temporary folder stays. */
export class BrowserProcess {
  readonly #parts: BrowserProcessParts;
  readonly #listeners: (() => void)[] = [];
  #isGone = false;
  #closing: Promise<void> | undefined;
  #cleaning: Promise<void> | undefined;

  constructor(parts: BrowserProcessParts) {
    this.#parts = parts;
    if (parts.pid !== undefined) parts.guard.watch(parts.pid);
  }

  get isConnected(): boolean {
    return !this.#isGone;
  }

  onGone(listener: () => void): void {
    if (this.#isGone) listener();
    else this.#listeners.push(listener);
  }

  /** The library has lost the browser. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const listener of this.#listeners.splice(0)) listener();
    void this.#cleanUp();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, graceMs, pid } = this.#parts;
    if (!this.#isGone) {
      const hasEnded = await tryFor(clock, graceMs, () => this.#parts.end());
      if (!hasEnded && pid !== undefined) kill(pid);
    }
    await this.#cleanUp();
    this.gone();
  }

  #cleanUp(): Promise<void> {
    this.#cleaning ??= this.#clean();
    return this.#cleaning;
  }

  async #clean(): Promise<void> {
    const { clock, graceMs, pid, folders, guard } = this.#parts;
    if (pid !== undefined) {
      const until = clock.monotonicMs() + graceMs;
      while (isAlive(pid) && clock.monotonicMs() < until) await clock.sleep(POLL_MS);
      kill(pid);
      await this.#groupGone(pid);
    }
    for (const folder of folders) await removeFolder(folder);
    guard.dismiss();
  }

  /** Where nobody reaps orphans, the dead stay in their group: so not for long. */
  async #groupGone(pid: number): Promise<void> {
    const { clock } = this.#parts;
    const until = clock.monotonicMs() + GROUP_MS;
    const group = process.platform === 'win32' ? pid : -pid;
    while (isAlive(group) && clock.monotonicMs() < until) await clock.sleep(POLL_MS);
  }
}

/** Renderers may still be writing for a moment after the browser is gone. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(
    () => {},
  );
}

/** The whole group: renderers and helpers too. */
function kill(pid: number): void {
  for (const target of process.platform === 'win32' ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
