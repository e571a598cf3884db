import type { RunResult, RunSeries } from '../simulation/run-result.ts';
import { type Estimate, estimate } from './estimate.ts';

/** What one policy came to in one world, over all seeds. */
export interface PolicyReport {
  readonly policy: string;
  readonly runsCount: number;
  /** Pages a second. */
  readonly goodput: Estimate;
  /** Goodput over that of the goodput oracle with the same seed; `null` where that did not run. */
  readonly ofOracle: Estimate | null;
  /** Goodput over that of `random` with the same seed; `null` where that did not run. */
  readonly ofRandom: Estimate | null;
  /** Attempts that brought no page, for each page. */
  readonly waste: Estimate;
  /** Mean waste over the mean waste of `random`; `null` where that did not run or wasted nothing. */
  readonly wasteOfRandom: number | null;
  readonly burnt: Estimate;
  readonly burntInOutage: Estimate;
  readonly lost: Estimate;
  /** Until half as many pages were delivered as the goodput oracle, or else the best policy, delivered in all. Runs that never got there are left out. */
  readonly secsToHalf: Estimate | null;
  /** Of the runs that finished all pages; `null` where none did. */
  readonly finishedSecs: Estimate | null;
  readonly retiredByReason: Readonly<Record<string, number>>;
  /** Means over the seeds. */
  readonly series: RunSeries;
}

export interface WorldReport {
  readonly world: string;
  readonly policies: readonly PolicyReport[];
}

const GOODPUT_ORACLE = 'oracle-goodput';
const BASELINE = 'random';

/** Draws runs of several policies in the same worlds with the same seeds together. */
export function compareRuns(runs: readonly RunResult[]): WorldReport[] {
  return groupBy(runs, ({ world }) => world).map(([world, inWorld]) => {
    const bySeed = new Map(groupBy(inWorld, ({ seed }) => String(seed)));
    const policies = groupBy(inWorld, ({ policy }) => policy).map(([policy, ofPolicy]) =>
      policyReport(policy, ofPolicy, bySeed),
    );
    return { world, policies };
  });
}

function policyReport(
  policy: string,
  runs: readonly RunResult[],
  bySeed: ReadonlyMap<string, readonly RunResult[]>,
): PolicyReport {
  const of = (value: (run: RunResult) => number | null): Estimate | null =>
    estimate(runs.flatMap((run) => value(run) ?? []));
  const rival = (run: RunResult, name: string): RunResult | undefined =>
    bySeed.get(String(run.seed))?.find((other) => other.policy === name);
  const ratio = (name: string) => (run: RunResult) => {
    const other = rival(run, name);
    return other && other.goodput > 0 ? run.goodput / other.goodput : null;
  };
  const waste = of((run) => run.waste) as Estimate;
  const wasteOfBaseline = estimate(runs.flatMap((run) => rival(run, BASELINE)?.waste ?? []));
  return {
    policy,
    runsCount: runs.length,
    goodput: of((run) => run.goodput) as Estimate,
    ofOracle: of(ratio(GOODPUT_ORACLE)),
    ofRandom: of(ratio(BASELINE)),
    waste,
    wasteOfRandom: wasteOfBaseline?.mean ? waste.mean / wasteOfBaseline.mean : null,
    burnt: of((run) => run.burntCount) as Estimate,
    burntInOutage: of((run) => run.burntInOutageCount) as Estimate,
    lost: of((run) => run.lostCount) as Estimate,
    secsToHalf: of((run) => secsTo(run, halfOf(bySeed.get(String(run.seed)) ?? []))),
    finishedSecs: of((run) => run.finishedSecs),
    retiredByReason: meanCounts(runs.map((run) => run.retiredByReason)),
    series: meanSeries(runs.map((run) => run.series)),
  };
}

function halfOf(runs: readonly RunResult[]): number {
  const oracle = runs.find(({ policy }) => policy === GOODPUT_ORACLE);
  const most = oracle?.deliveredCount ?? Math.max(...runs.map((run) => run.deliveredCount));
  return most / 2;
}

/** Between two samples as if pages came evenly. */
function secsTo({ series: { delivered, stepSecs } }: RunResult, count: number): number | null {
  const after = delivered.findIndex((soFar) => soFar >= count);
  if (after === -1) return null;
  const before = delivered[after - 1] ?? 0;
  const share = (count - before) / Math.max(1, (delivered[after] as number) - before);
  return (after + share) * stepSecs;
}

function meanCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) {
      sums[name] = (sums[name] ?? 0) + count / all.length;
    }
  }
  return sums;
}

function meanSeries(all: readonly RunSeries[]): RunSeries {
  const mean = (of: (series: RunSeries) => readonly number[]): number[] =>
    of(all[0] as RunSeries).map(
      (_, step) => all.reduce((sum, series) => sum + (of(series)[step] ?? 0), 0) / all.length,
    );
  return {
    stepSecs: (all[0] as RunSeries).stepSecs,
    delivered: mean(({ delivered }) => delivered),
    wasted: mean(({ wasted }) => wasted),
    cooling: mean(({ cooling }) => cooling),
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups];
}
