import { EXIT, type ExitCode } from './exit-code.ts';

/** The signals of a process; `process` is one. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  exit(code: number): void;
}

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/** Turns the first Ctrl-C (or SIGTERM) into a request to stop; the second ends the process at once. */
export class Interruption implements Disposable {
  readonly #source: SignalSource;
  readonly #onFirst: () => void;
  #exitCode: ExitCode | null = null;

  constructor(onFirst: () => void, source: SignalSource = process) {
    this.#source = source;
    this.#onFirst = onFirst;
    source.on('SIGINT', this.#onSignal);
    source.on('SIGTERM', this.#onSignal);
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
      this.#source.exit(code);
      return;
    }
    this.#exitCode = code;
    this.#onFirst();
  };
}
