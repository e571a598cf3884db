import { EXIT, type ExitCode } from './exit-code.ts';

/** The signals of a process; `process` is one. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  exit(code: number): void;
}

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

export interface InterruptionOptions {
  /** The first signal: finish and save. */
  readonly onFirst: () => void;
  /** The second one: last words. The process ends right after. */
  readonly onSecond: () => void;
  /** @default this process */
  readonly source?: SignalSource;
}

/** Turns the first Ctrl-C (or SIGTERM) into a request to stop; the second ends the process at once. */
export class Interruption implements Disposable {
  readonly #source: SignalSource;
  readonly #options: InterruptionOptions;
  #exitCode: ExitCode | null = null;

  constructor(options: InterruptionOptions) {
    this.#options = options;
    this.#source = options.source ?? process;
    this.#source.on('SIGINT', this.#onSignal);
    this.#source.on('SIGTERM', this.#onSignal);
  }

  /** The code to end with; `null` while nobody has interrupted. */
  get exitCode(): ExitCode | null {
    return this.#exitCode;
  }

  [Symbol.dispose](): void {
    this.#source.off('SIGINT', this.#onSignal);
    this.#source.off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const code = CODES[signal];
    if (this.#exitCode !== null) {
      this.#options.onSecond();
      this.#source.exit(code);
      return;
    }
    this.#exitCode = code;
    this.#options.onFirst();
  };
}
