import type { Outcome } from '../../session/outcome.ts';
import type { SelectionName } from '../../session/selection.ts';
import { backoff } from './backoff.ts';
import { goodputOracle, wasteOracle } from './oracles.ts';
import type { Policy, PoolPolicy } from './policy.ts';
import { ProxiesInTurn } from './proxies-in-turn.ts';

/**
 * The documented pool: uniform choice, 401, 403 and 429 retire a session, a proxy's failure too, whatever else goes
 * wrong is a bad mark, nothing ever rests, and proxies are handed to new sessions in turn.
 */
const random: PoolPolicy = {
  name: 'random',
  summary: 'As documented: uniform choice; 401, 403 and 429 retire; no pacing, no rests.',
  open: ({ proxyUrls }) => ({
    pool: { selection: 'random', proxyConfiguration: new ProxiesInTurn(proxyUrls) },
    judge: documentedOutcome,
  }),
};

const randomTrueDelay: PoolPolicy = {
  name: 'random-true-delay',
  summary: 'As random, with one session for each proxy and the delay the site really wants.',
  open: ({ proxyUrls, trueDelaySecs }) => ({
    pool: {
      selection: 'random',
      proxyConfiguration: new ProxiesInTurn(proxyUrls),
      maxPoolSize: proxyUrls.length,
      sessionOptions: { minIntervalSecs: trueDelaySecs },
    },
    judge: documentedOutcome,
  }),
};

/** @param name of the pool's own selections */
function selection(name: string, summary: string): PoolPolicy {
  return {
    name,
    summary,
    open: () => ({ pool: { selection: name as SelectionName } }),
  };
}

const judged: PoolPolicy = {
  name: 'random-judged',
  summary: 'Uniform choice with outcomes: the guilty retire, a 429 lets its session rest.',
  open: () => ({ pool: { selection: 'random' } }),
};

export const BUILT_IN_POLICIES: readonly Policy[] = [
  random,
  randomTrueDelay,
  judged,
  selection('round-robin', 'The session that has been free longest, with outcomes.'),
  selection('least-used', 'The session with the fewest uses, with outcomes.'),
  backoff,
  selection(
    'adaptive',
    'Learns who is to blame, how fast each address may go, and whom to choose.',
  ),
  goodputOracle,
  wasteOracle,
];

/** Those that are compared when none is named. */
export const DEFAULT_POLICIES: readonly string[] = [
  'random',
  'random-true-delay',
  'random-judged',
  'round-robin',
  'backoff',
  'adaptive',
  'oracle-goodput',
  'oracle-waste',
];

function documentedOutcome(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case 'throttled':
    case 'proxy':
      return { ...outcome, kind: 'blocked' };
    case 'target':
      return { ...outcome, kind: 'timeout' };
    default:
      return outcome;
  }
}
