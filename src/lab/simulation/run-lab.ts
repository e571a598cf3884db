import type { Policy } from '../policies/policy.ts';
import type { ResolvedWorld } from '../worlds/world.ts';
import type { RunResult } from './run-result.ts';
import { simulate } from './simulate.ts';

export interface LabOptions {
  readonly worlds: readonly ResolvedWorld[];
  readonly policies: readonly Policy[];
  readonly seeds: readonly (number | string)[];
  /** Called before each run, with how many are done. */
  readonly onProgress?: (progress: LabProgress) => void;
  /** Ends the lab before the next run; what has run so far is returned. */
  readonly signal?: AbortSignal;
}

export interface LabProgress {
  readonly doneCount: number;
  readonly totalCount: number;
  readonly world: string;
  readonly policy: string;
  readonly seed: number | string;
}

/** Every policy in every world with every seed, one run after another. */
export async function runLab(options: LabOptions): Promise<RunResult[]> {
  const { worlds, policies, seeds, onProgress, signal } = options;
  const totalCount = worlds.length * policies.length * seeds.length;
  const results: RunResult[] = [];
  for (const world of worlds) {
    for (const seed of seeds) {
      for (const policy of policies) {
        if (signal?.aborted) return results;
        onProgress?.({
          doneCount: results.length,
          totalCount,
          world: world.name,
          policy: policy.name,
          seed,
        });
        results.push(await simulate({ world, policy, seed }));
      }
    }
  }
  return results;
}
