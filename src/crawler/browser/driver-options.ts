import type { Clock } from '../../core/clock.ts';

export interface DriverOptions {
  /** @default the system's */
  readonly clock?: Clock;
  /** How long a browser, a context or a page may take to close before it is given up or killed. @default 5000 */
  readonly closeGraceMs?: number;
}

export const CLOSE_GRACE_MS = 5_000;

/** How long a library may take to close what it opened. */
export interface CloseLimits {
  readonly clock: Clock;
  readonly graceMs: number;
}
