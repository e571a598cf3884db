import { messageOf } from '../core/errors.ts';
import { events } from './events.ts';
import { log } from './log.ts';

/** The platform is about to take the machine away, or to end the run. */
const LAST_CALLS: ReadonlySet<unknown> = new Set(['migrating', 'aborting']);

/** Passes on what the platform tells the run; before it takes the machine away, everything is saved. @returns how to end it */
export async function listenToPlatform(url: string): Promise<() => void> {
  const { WebSocket } = await import('undici');
  const socket = new WebSocket(url);
  socket.addEventListener('message', ({ data }) => pass(data));
  socket.addEventListener('error', ({ message }) => {
    log.warning(`The events of the platform cannot be heard: ${message || 'no connection'}`);
  });
  return () => socket.close();
}

function pass(message: unknown): void {
  let event: { readonly name?: unknown; readonly data?: unknown };
  try {
    event = JSON.parse(String(message));
  } catch (error) {
    log.warning(`The platform sent an event that is no JSON: ${messageOf(error)}`);
    return;
  }
  // An `error` would end the process where nobody listens for it.
  if (typeof event?.name !== 'string' || event.name === 'error') return;
  events.emit(event.name, event.data);
  if (LAST_CALLS.has(event.name)) events.emit('persistState', { isMigrating: true });
}
