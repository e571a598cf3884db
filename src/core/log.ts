import { objectWith, oneOf, optional, optionsObject, parseOptions, string } from './options.ts';
import { redactData, redactText } from './redact.ts';

/** Where log lines go. A pino logger fits as it is. Text and data arrive with secrets already hidden. */
export interface LogSink {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

const LEVELS = { debug: 10, info: 20, warning: 30, error: 40, off: 100 } as const;

export type LogLevel = keyof typeof LEVELS;

export interface LogOptions {
  /** @default 'info', or the environment's `TROUPE_LOG_LEVEL` */
  readonly level?: LogLevel;
  /** Shown before the message, for instance the crawler's name. */
  readonly prefix?: string;
  /** @default lines on standard error */
  readonly sink?: LogSink;
}

const LEVEL = oneOf(Object.keys(LEVELS) as LogLevel[]);

const LOG_OPTIONS = optionsObject({
  level: optional(LEVEL),
  prefix: optional(string()),
  sink: optional(
    objectWith<LogSink>('an object with the methods debug, info, warn and error', [
      'debug',
      'info',
      'warn',
      'error',
    ]),
  ),
});

/** A leveled log. Hides proxy passwords and cookies before anything reaches the sink. */
export class Log {
  readonly #sink: LogSink;
  readonly #prefix: string;
  #level: LogLevel;

  constructor(options: LogOptions = {}) {
    const { sink, prefix, level } = parseOptions(LOG_OPTIONS, options, 'Log options');
    this.#sink = sink ?? standardErrorSink;
    this.#prefix = prefix ?? '';
    this.#level = level ?? levelFromEnvironment();
  }

  get level(): LogLevel {
    return this.#level;
  }

  setLevel(level: LogLevel): void {
    this.#level = parseOptions(LEVEL, level, 'level');
  }

  isEnabled(level: LogLevel): boolean {
    return LEVELS[level] >= LEVELS[this.#level];
  }

  debug(message: string, data?: object): void {
    if (this.isEnabled('debug')) this.#sink.debug(safeData(data), this.#text(message));
  }

  info(message: string, data?: object): void {
    if (this.isEnabled('info')) this.#sink.info(safeData(data), this.#text(message));
  }

  warning(message: string, data?: object): void {
    if (this.isEnabled('warning')) this.#sink.warn(safeData(data), this.#text(message));
  }

  error(message: string, data?: object): void {
    if (this.isEnabled('error')) this.#sink.error(safeData(data), this.#text(message));
  }

  /** An error line with the thrown value's message, code and stack in its data. */
  exception(error: unknown, message: string, data?: object): void {
    this.error(message, { ...data, error });
  }

  /** The same sink, and the level as it is now, under a longer prefix. */
  child(options: { prefix: string }): Log {
    return new Log({
      sink: this.#sink,
      level: this.#level,
      prefix: this.#prefix ? `${this.#prefix}:${options.prefix}` : options.prefix,
    });
  }

  #text(message: string): string {
    return redactText(this.#prefix ? `${this.#prefix}: ${message}` : String(message));
  }
}

const NO_DATA: object = Object.freeze({});

function safeData(data: object | undefined): object {
  return data ? (redactData(data) as object) : NO_DATA;
}

function levelFromEnvironment(): LogLevel {
  const level = process.env['TROUPE_LOG_LEVEL']?.toLowerCase();
  return level !== undefined && Object.hasOwn(LEVELS, level) ? (level as LogLevel) : 'info';
}

function line(label: string): (data: object, message: string) => void {
  return (data, message) => {
    const tail = Object.keys(data).length > 0 ? ` ${stringify(data)}` : '';
    process.stderr.write(`${label} ${message}${tail}\n`);
  };
}

function stringify(data: object): string {
  try {
    return JSON.stringify(data, (_key, value) => (typeof value === 'bigint' ? `${value}` : value));
  } catch {
    return '[data that cannot be shown as JSON]';
  }
}

const standardErrorSink: LogSink = {
  debug: line('DEBUG'),
  info: line('INFO '),
  warn: line('WARN '),
  error: line('ERROR'),
};

/** The log used where none was given. */
export const log: Log = new Log();
