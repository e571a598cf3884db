import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Lines a process may get ahead of its killer on a busy machine. */
const OVERRUN = 200;

export interface QueueWorkerOptions {
  /** The bundled `queue-worker.fixture.ts`. */
  readonly fixture: string;
  readonly path: string;
  readonly seed: string;
  readonly pageCount: number;
  readonly lockSecs: number;
  /** Killed with SIGKILL after so many lines. */
  readonly killAfter?: number | undefined;
}

export interface QueueEvent {
  /** Added, fetched, reclaimed, handled. */
  readonly what: 'A' | 'F' | 'R' | 'H';
  readonly page: number;
}

export interface QueueRun {
  readonly events: readonly QueueEvent[];
  /** The queue was finished before the process ended. */
  readonly isDone: boolean;
}

export interface QueueWorker {
  /** The queue is open; nothing has been done yet. Never resolves when the process fails before. */
  readonly ready: Promise<void>;
  /** Lets it begin. */
  begin(): void;
  /** Rejects when it ends by an error of its own. */
  readonly exit: Promise<QueueRun>;
}

/** Works on a queue in a process of its own. */
export function startQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { fixture, path, seed, pageCount, lockSecs, killAfter } = options;
  const stopAfter = killAfter === undefined ? Number.POSITIVE_INFINITY : killAfter + OVERRUN;
  const args = [fixture, path, seed, ...[pageCount, lockSecs, stopAfter].map(String)];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  const events: QueueEvent[] = [];
  let isDone = false;
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  let markReady: () => void;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') markReady();
    if (line === 'done') isDone = true;
    const match = /^([AFRH]) (\d+)$/.exec(line);
    if (match) events.push({ what: match[1] as QueueEvent['what'], page: Number(match[2]) });
    if (events.length === killAfter) child.kill('SIGKILL');
  });
  const exit = new Promise<QueueRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve({ events, isDone });
      else reject(new Error(`The worker ended with ${code ?? signal}: ${complaint}`));
    });
  });
  return { ready, exit, begin: () => child.stdin.end() };
}
