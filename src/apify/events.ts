import { EventEmitter } from 'node:events';
import { systemClock, type Timer } from '../core/clock.ts';
import { SystemLoadProbe } from '../crawler/load-probe.ts';
import { numericVariable } from './environment.ts';

const DEFAULT_PERSIST_INTERVAL_MS = 60_000;
const LOAD_INTERVAL_MS = 1000;
/** From here on the event loop is what holds the actor up. */
const OVERLOADED = 0.9;

/**
 * `cpuInfo` (`{ isCpuOverloaded }`) each second and `persistState` (`{ isMigrating }`) each minute while
 * `Apify.main()` runs; `migrating` and `aborting` when the platform, or a signal, tells the process to go. Pools and lists save themselves at
 * `persistState`, so emitting it saves them. New name: none is needed, pools and queues save themselves.
 */
export const events: EventEmitter = new EventEmitter();
// One for each pool and list that is open.
events.setMaxListeners(0);

/** The regular events. @returns how to end them */
export function startEvents(): () => void {
  const probe = new SystemLoadProbe();
  const intervalMs = numericVariable(
    'APIFY_PERSIST_STATE_INTERVAL_MILLIS',
    DEFAULT_PERSIST_INTERVAL_MS,
  );
  const timers = [
    every(intervalMs, () => events.emit('persistState', { isMigrating: false })),
    every(LOAD_INTERVAL_MS, () => {
      events.emit('cpuInfo', { isCpuOverloaded: probe.sample().loopUse > OVERLOADED });
    }),
  ];
  return () => {
    for (const timer of timers) timer.cancel();
    probe.close();
  };
}

function every(intervalMs: number, call: () => void): Timer {
  let timer: Timer;
  const plan = (): void => {
    // Not in the background: an actor that waits for an event is not done.
    timer = systemClock.setTimer(() => {
      plan();
      call();
    }, intervalMs);
  };
  plan();
  return { cancel: () => timer.cancel() };
}
