import type { Excuse, OutcomeKind } from '../../session/outcome.ts';
import type { Page } from './page-line.ts';

/** As the crawlers' defaults. */
const MAX_RETRIES = 3;
const MAX_ROTATIONS = 10;
const MAX_FAILED_ON = 20;
const BACKOFF_MAX_SECS = 60;
const STALL_MS = 600_000;

/** When a page that was not delivered is due again; `null` when it is given up. As in the crawlers' engine. */
export function nextTryAtMs(
  page: Page,
  failure: {
    readonly kind: Exclude<OutcomeKind, 'ok'>;
    readonly excuse: Excuse;
    readonly sessionId: string;
  },
  nowMs: number,
): number | null {
  const { kind, excuse, sessionId } = failure;
  if (excuse === 'url') return null;
  if (kind === 'throttled' || excuse === 'origin') return afterThrottling(page, nowMs);
  page.throttledCount = 0;
  if (kind === 'neutral') return nowMs;
  page.failedOn.push(sessionId);
  if (page.failedOn.length > MAX_FAILED_ON) page.failedOn.shift();
  if (kind === 'blocked' || kind === 'proxy') {
    if (page.rotationCount >= MAX_ROTATIONS) return null;
    page.rotationCount++;
    return nowMs;
  }
  if (page.retryCount >= MAX_RETRIES) return null;
  page.retryCount++;
  return nowMs;
}

/** The first time another session may take over at once. */
function afterThrottling(page: Page, nowMs: number): number | null {
  page.throttledCount++;
  if (page.throttledCount === 1) page.throttledSinceMs = nowMs;
  if (nowMs - page.throttledSinceMs >= STALL_MS) return null;
  if (page.throttledCount === 1) return nowMs;
  return nowMs + Math.min(BACKOFF_MAX_SECS, 2 ** (page.throttledCount - 2)) * 1000;
}
