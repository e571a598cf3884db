import type { OutcomeKind } from '../../session/outcome.ts';

/** How a crawl went over time, at even distances. */
export interface RunSeries {
  /** Seconds from one sample to the next. */
  readonly stepSecs: number;
  /** Pages delivered until the end of each step. */
  readonly delivered: readonly number[];
  /** Attempts until the end of each step that brought no page. */
  readonly wasted: readonly number[];
  /** Sessions at rest at the end of each step. */
  readonly cooling: readonly number[];
}

/** What one simulated crawl came to. */
export interface RunResult {
  readonly world: string;
  readonly policy: string;
  readonly seed: number | string;
  /** Until the end, or the last page. */
  readonly elapsedSecs: number;
  readonly deliveredCount: number;
  readonly attemptsCount: number;
  /** Pages given up for good. */
  readonly lostCount: number;
  /** Pages delivered a second. */
  readonly goodput: number;
  /** Attempts that brought no page, for each page delivered. */
  readonly waste: number;
  /** When the last of all pages was delivered or given up; `null` when time ran out before. */
  readonly finishedSecs: number | null;
  /** Sessions retired as blocked, for their error score or for their proxy. */
  readonly burntCount: number;
  /** Those among them that retired while the site was down. */
  readonly burntInOutageCount: number;
  readonly retiredByReason: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<OutcomeKind, number>>;
  readonly series: RunSeries;
}

/** Reasons that say the session was used up by trouble, not by age or use. */
const BURNT: readonly string[] = ['blocked', 'error-score', 'proxy'];

export function burntOf(retiredByReason: Readonly<Record<string, number>>): number {
  return BURNT.reduce((sum, reason) => sum + (retiredByReason[reason] ?? 0), 0);
}
