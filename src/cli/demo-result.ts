import type { CrawlStatistics } from '../crawler/statistics.ts';
import { FATE_KINDS, type FateKind } from '../lab/local/fate.ts';
import type { WorldReport } from '../lab/local/local-world.ts';
import type { AnswerKind } from '../lab/local/visitor.ts';
import type { SessionExplanation } from '../session/explanation.ts';
import type { OutcomeKind, RetiredReason } from '../session/outcome.ts';

/** All proxies of one fate together. */
export interface FateSummary {
  readonly fate: FateKind;
  readonly proxies: number;
  /** Requests the crawler tried to send through them. */
  readonly attempts: number;
  /** Those that reached the site. */
  readonly hits: number;
  /** How the site answered. */
  readonly answers: Readonly<Record<AnswerKind, number>>;
}

/** What the demo came to; printed as it is with `--json`. */
export interface DemoResult {
  readonly seed: number;
  /** Every page crawled exactly once. */
  readonly isComplete: boolean;
  readonly pages: {
    readonly expected: number;
    readonly crawled: number;
    readonly missing: readonly string[];
    readonly repeated: readonly string[];
    /** Pages in the result that the site does not have. */
    readonly unknown: readonly string[];
  };
  readonly attempts: number;
  readonly attemptsPerPage: number;
  readonly runtimeSecs: number;
  readonly pagesPerSec: number;
  readonly outcomes: Readonly<Record<OutcomeKind, number>>;
  readonly sessionsCreated: number;
  readonly sessionsRetired: number;
  readonly sessionsRetiredByReason: Readonly<Record<RetiredReason, number>>;
  /** Given up on; 0 in a complete demo. */
  readonly requestsFailed: number;
  readonly fates: readonly FateSummary[];
  /** One retired session's story; `null` when none retired. */
  readonly explained: SessionExplanation | null;
}

export interface DemoEvidence {
  readonly seed: number;
  readonly statistics: CrawlStatistics;
  readonly world: WorldReport;
  /** URL of every item that was stored, as often as it was stored. */
  readonly crawledUrls: readonly string[];
  /** URLs of all pages of the site. */
  readonly expectedUrls: readonly string[];
  /** By the proxy's URL. */
  readonly attemptsByProxy: ReadonlyMap<string, number>;
  readonly explained: SessionExplanation | null;
}

/** Holds what was crawled against what there is. */
export function judgeDemo(evidence: DemoEvidence): DemoResult {
  const { statistics, expectedUrls } = evidence;
  const times = new Map<string, number>();
  for (const url of evidence.crawledUrls) times.set(url, (times.get(url) ?? 0) + 1);
  const expected = new Set(expectedUrls);
  const missing = expectedUrls.filter((url) => !times.has(url));
  const repeated = [...times.keys()].filter((url) => (times.get(url) ?? 0) > 1);
  const unknown = [...times.keys()].filter((url) => !expected.has(url));
  const crawled = expectedUrls.length - missing.length;
  const attempts = Object.values(statistics.outcomes).reduce((sum, count) => sum + count, 0);
  const runtimeSecs = statistics.crawlerRuntimeMillis / 1000;
  return {
    seed: evidence.seed,
    isComplete: missing.length + repeated.length + unknown.length + statistics.requestsFailed === 0,
    pages: { expected: expectedUrls.length, crawled, missing, repeated, unknown },
    attempts,
    attemptsPerPage: rounded(attempts / Math.max(1, crawled), 3),
    runtimeSecs: rounded(runtimeSecs, 2),
    pagesPerSec: runtimeSecs > 0 ? rounded(crawled / runtimeSecs, 1) : 0,
    outcomes: statistics.outcomes,
    sessionsCreated: statistics.sessionsCreated,
    sessionsRetired: statistics.sessionsRetired,
    sessionsRetiredByReason: statistics.sessionsRetiredByReason,
    requestsFailed: statistics.requestsFailed,
    fates: summarize(evidence),
    explained: evidence.explained,
  };
}

function summarize({ world, attemptsByProxy }: DemoEvidence): FateSummary[] {
  return FATE_KINDS.map((fate) => {
    const proxies = world.proxies.filter((proxy) => proxy.fate === fate);
    const answers = { page: 0, banned: 0, throttled: 0, denied: 0, failed: 0 };
    for (const proxy of proxies) {
      for (const kind of Object.keys(answers) as AnswerKind[]) answers[kind] += proxy.answers[kind];
    }
    return {
      fate,
      proxies: proxies.length,
      attempts: sum(proxies.map(({ url }) => attemptsByProxy.get(url) ?? 0)),
      hits: sum(proxies.map(({ hits }) => hits)),
      answers,
    };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
