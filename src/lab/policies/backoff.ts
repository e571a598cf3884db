import type { Outcome } from '../../session/outcome.ts';
import type { PoolPolicy } from './policy.ts';

/**
 * What people write by hand: one identity for each proxy, and after a failure it rests, twice as long each time until
 * it gets a page again. The choice among the others is uniform. `Retry-After` is obeyed.
 */
export const backoff: PoolPolicy = {
  name: 'backoff',
  summary: 'One session for each proxy; after a failure it rests, 5 s and twice as long each time.',
  open: ({ proxyUrls }) => ({
    pool: {
      selection: 'random',
      maxPoolSize: proxyUrls.length,
      sessionOptions: {
        maxUsageCount: Number.POSITIVE_INFINITY,
        maxAgeSecs: Number.POSITIVE_INFINITY,
      },
    },
    // The pool lets a throttled session rest in just this way, and keeps it.
    judge: (outcome) => (isProxysFault(outcome) ? { ...outcome, kind: 'throttled' } : outcome),
  }),
};

/** A block page of status 200 is about the session's cookies as likely as not: that session goes. */
function isProxysFault({ kind, status }: Outcome): boolean {
  if (kind === 'blocked') return status !== 200;
  return kind === 'throttled' || kind === 'proxy' || kind === 'timeout';
}
