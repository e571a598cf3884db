import type { OutcomeKind } from '../../session/outcome.ts';
import type { ProxyState } from '../worlds/world.ts';
import type { LoggedOutcome } from './outcome-log.ts';

/** One attempt on a proxy's way, with the time it was sent. */
export interface Sent {
  readonly sentMs: number;
  readonly endMs: number;
  readonly kind: OutcomeKind;
  readonly status: number | undefined;
  readonly latencyMs: number | undefined;
  readonly retryAfterSecs: number | undefined;
}

/** All that is known of one proxy, in the order it was sent. */
export interface ProxyHistory {
  readonly proxy: string;
  readonly state: ProxyState;
  readonly sent: readonly Sent[];
}

/** Histories by proxy. What was cancelled says nothing and is left out. */
export function historiesOf(log: readonly LoggedOutcome[]): ProxyHistory[] {
  const byProxy = new Map<string, Sent[]>();
  for (const outcome of log) {
    if (outcome.kind === 'neutral') continue;
    const sent = byProxy.get(outcome.proxy) ?? [];
    byProxy.set(outcome.proxy, sent);
    sent.push({
      sentMs: outcome.at - (outcome.latencyMs ?? 0),
      endMs: outcome.at,
      kind: outcome.kind,
      status: outcome.status,
      latencyMs: outcome.latencyMs,
      retryAfterSecs: outcome.retryAfterSecs,
    });
  }
  return [...byProxy].map(([proxy, sent]) => {
    sent.sort(bySending);
    return { proxy, sent, state: stateOf(sent) };
  });
}

/** Of those sent at once, a limit let the first ones through, although their answers took longer. */
function bySending(a: Sent, b: Sent): number {
  return a.sentMs - b.sentMs || Number(isStopped(a)) - Number(isStopped(b));
}

function isStopped({ kind }: Sent): boolean {
  return kind === 'throttled' || kind === 'blocked';
}

/** A proxy that ever brought an answer of the site's own works; another is what it was most often. */
function stateOf(sent: readonly Sent[]): ProxyState {
  const count = (...kinds: OutcomeKind[]): number =>
    sent.filter(({ kind }) => kinds.includes(kind)).length;
  if (count('ok', 'throttled', 'user', 'target') > 0) return 'working';
  const dead = count('proxy');
  const silent = count('timeout');
  const barred = count('blocked');
  if (barred >= dead && barred >= silent) return 'barred';
  return dead >= silent ? 'dead' : 'silent';
}
