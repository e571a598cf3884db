import { messageOf, OptionError } from '../core/errors.ts';
import { Log as EngineLog, type LogLevel } from '../core/log.ts';
import { expectedText } from '../core/options.ts';
import { variable } from './environment.ts';

export interface LogLevels {
  readonly OFF: number;
  readonly ERROR: number;
  readonly SOFT_FAIL: number;
  readonly WARNING: number;
  readonly INFO: number;
  readonly DEBUG: number;
  readonly PERF: number;
}

/** The documented numbers of the levels. */
const LEVELS: LogLevels = Object.freeze({
  OFF: 0,
  ERROR: 1,
  SOFT_FAIL: 2,
  WARNING: 3,
  INFO: 4,
  DEBUG: 5,
  PERF: 6,
});

const NAMES: Readonly<Record<number, LogLevel>> = Object.freeze({
  [LEVELS.OFF]: 'off',
  [LEVELS.ERROR]: 'error',
  [LEVELS.SOFT_FAIL]: 'warning',
  [LEVELS.WARNING]: 'warning',
  [LEVELS.INFO]: 'info',
  [LEVELS.DEBUG]: 'debug',
  [LEVELS.PERF]: 'debug',
});

export interface LoggerOptions {
  /** One of `log.LEVELS`. @default `APIFY_LOG_LEVEL`, else INFO */
  level?: number;
  /** Shown before each message. */
  prefix?: string | null;
  /** Added to the data of each line. */
  data?: Record<string, unknown>;
}

type Data = object | null | undefined;

/** `Apify.utils.log`. Lines go to standard error, with secrets hidden. New name: `log`, or `new Log()`, of `troupe`. */
export class Log {
  readonly LEVELS: LogLevels = LEVELS;
  #options: Required<LoggerOptions>;
  #engine: EngineLog;

  constructor(options: LoggerOptions = {}) {
    this.#options = { level: levelFromEnvironment(), prefix: null, data: {}, ...checked(options) };
    this.#engine = engineFor(this.#options);
  }

  setLevel(level: number): void {
    this.setOptions({ level });
  }

  getLevel(): number {
    return this.#options.level;
  }

  setOptions(options: LoggerOptions): void {
    this.#options = { ...this.#options, ...checked(options) };
    this.#engine = engineFor(this.#options);
  }

  getOptions(): Required<LoggerOptions> {
    return { ...this.#options };
  }

  /** Inherits level and data as they are now, under a longer prefix. */
  child(options: LoggerOptions = {}): Log {
    const prefix = [this.#options.prefix, options.prefix].filter(Boolean).join(':') || null;
    const data = { ...this.#options.data, ...options.data };
    return new Log({ ...this.#options, ...options, prefix, data });
  }

  debug(message: string, data?: Data): void {
    this.#engine.debug(message, this.#with(data));
  }

  info(message: string, data?: Data): void {
    this.#engine.info(message, this.#with(data));
  }

  warning(message: string, data?: Data): void {
    this.#engine.warning(message, this.#with(data));
  }

  error(message: string, data?: Data): void {
    this.#engine.error(message, this.#with(data));
  }

  exception(exception: unknown, message?: string, data?: Data): void {
    this.#engine.exception(exception, message ?? messageOf(exception), this.#with(data));
  }

  /** As the crawlers take it. */
  toEngine(prefix: string): EngineLog {
    return this.#engine.child({ prefix });
  }

  #with(data: Data): object | undefined {
    const all = { ...this.#options.data, ...data };
    return Object.keys(all).length > 0 ? all : undefined;
  }
}

export const log: Log = new Log();

function engineFor({ level, prefix }: Required<LoggerOptions>): EngineLog {
  return new EngineLog({ level: NAMES[level] as LogLevel, ...(prefix ? { prefix } : {}) });
}

/** @throws OptionError */
function checked(options: LoggerOptions): LoggerOptions {
  const { level, ...others } = options;
  const unknown = Object.keys(others).find((name) => name !== 'prefix' && name !== 'data');
  if (unknown !== undefined) {
    throw new OptionError(unknown, `Unknown option \`${unknown}\` in log options`);
  }
  if (level === undefined) return others;
  if (NAMES[level] !== undefined) return options;
  throw new OptionError('level', expectedText('level', 'one of `log.LEVELS`', level));
}

/** A name such as `DEBUG`, or its number. */
function levelFromEnvironment(): number {
  const given = variable('APIFY_LOG_LEVEL')?.toUpperCase() ?? 'INFO';
  const byName = (LEVELS as unknown as Readonly<Record<string, number>>)[given];
  if (byName !== undefined) return byName;
  return NAMES[Number(given)] === undefined ? LEVELS.INFO : Number(given);
}
