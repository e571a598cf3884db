import type { Lease } from './lease.ts';
import type { Outcome } from './outcome.ts';
import type { LeaseOptions, Waiter } from './waiting-line.ts';

/** Whoever waited may have given up while the session was being made. */
export function handOver(waiter: Waiter, lease: Lease): void {
  if (waiter.isDone) lease.release();
  else waiter.serve(lease);
}

/** Whether the use of a session did not fail through it. */
export function isGood(outcome: Outcome | null): boolean {
  if (!outcome) return true;
  const { kind } = outcome;
  return kind === 'ok' || kind === 'user' || kind === 'target' || kind === 'neutral';
}

/** One identity was named: another will not do. A key only keeps requests together. */
export function onMissingOf({ onMissing, sessionId }: LeaseOptions): 'wait' | 'replace' | 'fail' {
  return onMissing ?? (sessionId === undefined ? 'replace' : 'fail');
}

/** Where those wait for whom the session of a key is being chosen. No session has such an id. */
export function lineOfKey(key: string): string {
  return `\0${key}`;
}

export function isLineOfKey(line: string): boolean {
  return line.startsWith('\0');
}

/** For those who have waited too long: what the sessions are doing. */
export function describeUse(
  { readyCount, coolingCount }: { readonly readyCount: number; readonly coolingCount: number },
  size: number,
  asideCount: number,
  waitingCount: number,
): string {
  const busy = size - readyCount - coolingCount;
  const quarantined = asideCount > 0 ? `, ${asideCount} of them in quarantine` : '';
  return `${busy} in use${quarantined}, ${coolingCount} resting, ${waitingCount} waiting`;
}
