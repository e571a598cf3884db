import type { EventSource } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import type { BreakerEvent, BreakerState } from './adaptive/breaker.ts';
import type { SessionPoolEvents } from './pool-events.ts';

const NEWS: Readonly<Record<BreakerState, string>> = Object.freeze({
  open: 'seems to be down: nearly everything fails there. Requests wait, and it is probed until it answers',
  ramping: 'answers again, and gets its load back step by step',
  closed: 'has its load back',
  'given up': 'still does not answer: its requests wait no longer, and spend their retries',
});

/** Tells the log and whoever listens that an origin was found to be down, or to answer again. */
export function tellOfOrigin(
  origin: string,
  { state, at }: BreakerEvent,
  { log, events }: { readonly log: Log; readonly events: EventSource<SessionPoolEvents> },
): void {
  const news = `${origin} ${NEWS[state]}`;
  if (state === 'open' || state === 'given up') log.warning(news);
  else log.info(news);
  if (!events.hasListeners('originStateChanged')) return;
  events.emit('originStateChanged', { origin, state, at: at.getTime() });
}
