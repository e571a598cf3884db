import type { Selection } from './selection.ts';

/** What the user asked for, each value parsed and in range. */
export interface CrawlOptions {
  readonly proxies?: string;
  readonly maxRequests?: number;
  readonly maxDepth?: number;
  readonly glob?: readonly string[];
  readonly select?: readonly Selection[];
  readonly concurrency?: number;
  readonly rpm?: number;
  readonly delay?: number;
  readonly robots?: boolean;
  readonly blockTitle?: RegExp;
  readonly output?: string;
  readonly storage?: string;
  readonly resume?: boolean;
  readonly outcomeLog?: string;
  readonly json?: boolean;
}
