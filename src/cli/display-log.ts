import { Log, type LogLevel, type LogSink } from '../core/log.ts';
import type { ProgressDisplay } from './progress-display.ts';

/** A log whose lines stand above the live line. `TROUPE_LOG_LEVEL` in the environment wins over the level given. */
export function displayLog(display: ProgressDisplay, level: LogLevel): Log {
  const line =
    (label: string): LogSink['info'] =>
    (data, message) => {
      const error = (data as { error?: { message?: unknown } }).error;
      const cause = typeof error?.message === 'string' ? `: ${error.message}` : '';
      display.print(`${label} ${message}${cause}`);
    };
  const sink: LogSink = {
    debug: line('debug:'),
    info: line('info:'),
    warn: line('warning:'),
    error: line('error:'),
  };
  return new Log(process.env['TROUPE_LOG_LEVEL'] ? { sink } : { sink, level });
}
