import { writeFile } from 'node:fs/promises';
import { TroupeError } from '../core/errors.ts';
import { BUILT_IN_POLICIES, DEFAULT_POLICIES } from '../lab/policies/built-in.ts';
import { findPolicy } from '../lab/policies/find-policy.ts';
import type { Policy } from '../lab/policies/policy.ts';
import { compareRuns } from '../lab/report/comparison.ts';
import { runLab } from '../lab/simulation/run-lab.ts';
import { BUILT_IN_WORLDS } from '../lab/worlds/built-in.ts';
import { findWorld } from '../lab/worlds/find-world.ts';
import type { ResolvedWorld } from '../lab/worlds/world.ts';
import { colorsFor } from './colors.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { LabProgressLine } from './lab-progress-line.ts';
import { labList, labTable } from './lab-table.ts';
import { UsageError } from './usage-error.ts';

export interface LabCommandOptions {
  readonly world?: readonly string[];
  readonly policy?: readonly (readonly string[])[];
  readonly seeds: number;
  readonly firstSeed: number;
  readonly heldOut?: boolean;
  readonly list?: boolean;
  readonly html?: string;
  readonly json?: boolean;
}

/**
 * The `lab` command: simulates every policy in every world and prints how they did.
 *
 * @throws UsageError
 */
export async function runLabCommand(options: LabCommandOptions): Promise<ExitCode> {
  const colors = colorsFor(process.stdout);
  if (options.list) {
    process.stdout.write(`${labList(BUILT_IN_WORLDS, BUILT_IN_POLICIES, colors)}\n`);
    return EXIT.done;
  }
  const worlds = await worldsOf(options);
  const policies = await policiesOf(options);
  const { seeds: count, firstSeed } = options;
  const seeds = Array.from({ length: count }, (_, nth) => firstSeed + nth);
  const stop = new AbortController();
  const progress = new LabProgressLine(process.stderr);
  using interruption = new Interruption({
    onFirst: () => stop.abort(),
    onSecond: () => progress.clear(),
  });
  progress.begin(worlds.length * policies.length * seeds.length);
  const runs = await runLab({
    worlds,
    policies,
    seeds,
    signal: stop.signal,
    onProgress: (now) => progress.show(now),
  });
  progress.clear();
  if (interruption.exitCode !== null) return interruption.exitCode;
  const reports = compareRuns(runs);
  if (options.html !== undefined) {
    const { labPage } = await import('../lab/report/page.ts');
    await writeFile(options.html, labPage({ worlds, policies, seeds, reports }));
    process.stderr.write(`Plots: ${options.html}\n`);
  }
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ seeds, worlds: reports }, null, 2)}\n`
      : `${labTable(worlds, reports, colors)}\n`,
  );
  return EXIT.done;
}

async function worldsOf({ world, heldOut }: LabCommandOptions): Promise<ResolvedWorld[]> {
  if (world) return await Promise.all(world.map((name) => orUsageError(findWorld(name))));
  const role = heldOut ? 'held-out' : 'tuned';
  return BUILT_IN_WORLDS.filter((one) => one.role === role).map((one) => one.world);
}

async function policiesOf({ policy }: LabCommandOptions): Promise<Policy[]> {
  const names = [...new Set(policy?.flat() ?? DEFAULT_POLICIES)];
  return await Promise.all(names.map((name) => orUsageError(findPolicy(name))));
}

/** What the user named is not there, or is not what it should be. */
async function orUsageError<T>(finding: Promise<T>): Promise<T> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof TroupeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
