import { type ChildProcess, fork } from 'node:child_process';
import { type Clock, systemClock } from '../../core/clock.ts';
import { TimeoutError, TroupeError } from '../../core/errors.ts';
import { LocalWorld, type LocalWorldOptions, type WorldReport } from './local-world.ts';

/** Generous: a loaded machine may take seconds to start a process. */
const ANSWER_TIMEOUT_MS = 30_000;

interface ReadyMessage {
  readonly kind: 'ready';
  readonly startUrl: string;
  readonly proxyUrls: readonly string[];
}

interface ReportMessage {
  readonly kind: 'report';
  readonly report: WorldReport;
}

type MessageFromWorld = ReadyMessage | ReportMessage | { kind: 'failed'; message: string };

/**
 * A {@link LocalWorld} in a process of its own, so that crawler and world do not share an event loop.
 * The process ends when it is closed, and by itself when its parent is gone, however the parent died.
 */
export class WorldProcess implements AsyncDisposable {
  readonly startUrl: string;
  readonly proxyUrls: readonly string[];
  readonly #child: ChildProcess;
  readonly #clock: Clock;

  private constructor(child: ChildProcess, ready: ReadyMessage, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.startUrl = ready.startUrl;
    this.proxyUrls = ready.proxyUrls;
  }

  /**
   * @param command script and arguments that lead to {@link serveWorld} in the new process
   * @throws TroupeError `TROUPE_WORLD_FAILED` when the process ends or cannot open its world
   */
  static async start(
    command: { readonly script: string; readonly args: readonly string[] },
    options: Omit<LocalWorldOptions, 'clock'> & { readonly clock?: Clock } = {},
  ): Promise<WorldProcess> {
    const { clock = systemClock, ...world } = options;
    const child = fork(command.script, command.args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    // Whoever waits for an answer is told; nobody else needs to know.
    child.on('error', () => {});
    try {
      child.send(world);
      return new WorldProcess(child, await messageFrom(child, 'ready', clock), clock);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async report(): Promise<WorldReport> {
    this.#child.send('report');
    const { report } = await messageFrom(this.#child, 'report', this.#clock);
    return report;
  }

  /** Resolves when the process is gone. Idempotent. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    if (this.#child.connected) this.#child.disconnect();
    const killer = this.#clock.setTimer(() => this.#child.kill('SIGKILL'), 2_000);
    await gone;
    killer.cancel();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The other side of {@link WorldProcess}: opens the world it is told to open and serves until its parent is gone. */
export async function serveWorld(): Promise<void> {
  if (!process.send) {
    throw new TroupeError(
      'TROUPE_WORLD_FAILED',
      'The local world is started by the demo, not by hand',
    );
  }
  // Ctrl-C in a terminal reaches every process of the group; the parent decides when the world ends.
  process.on('SIGINT', () => {});
  const parentGone = new Promise<void>((resolve) => process.once('disconnect', resolve));
  const options = await new Promise<LocalWorldOptions>((resolve) =>
    process.once('message', (message) => resolve(message as LocalWorldOptions)),
  );
  const tell = (message: MessageFromWorld): void => {
    if (process.connected) process.send?.(message, () => {});
  };
  try {
    const world = await LocalWorld.open(options);
    process.on('message', () => tell({ kind: 'report', report: world.report() }));
    tell({ kind: 'ready', startUrl: world.startUrl, proxyUrls: world.proxyUrls });
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  await parentGone;
  process.exit(0);
}

function messageFrom<Kind extends 'ready' | 'report'>(
  child: ChildProcess,
  kind: Kind,
  clock: Clock,
): Promise<Extract<MessageFromWorld, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      timer.cancel();
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      finish();
    };
    const fail = (what: string, cause?: unknown): void =>
      settle(() =>
        reject(new TroupeError('TROUPE_WORLD_FAILED', `The local world ${what}`, { cause })),
      );
    const onMessage = (message: unknown): void => {
      const came = message as MessageFromWorld;
      if (came.kind === 'failed') fail(`could not be opened: ${came.message}`);
      if (came.kind === kind)
        settle(() => resolve(came as Extract<MessageFromWorld, { kind: Kind }>));
    };
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`ended early (${signal ?? `exit code ${code}`})`);
    const onError = (error: Error): void => fail(`cannot be reached: ${error.message}`, error);
    const timer = clock.setTimer(
      () => settle(() => reject(new TimeoutError('The local world', ANSWER_TIMEOUT_MS))),
      ANSWER_TIMEOUT_MS,
    );
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);
  });
}
