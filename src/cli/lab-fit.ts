import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TroupeError } from '../core/errors.ts';
import { type FittedWorld, fitWorld } from '../lab/fit/fit-world.ts';
import { type LoggedOutcome, parseOutcomeLog } from '../lab/fit/outcome-log.ts';
import { type Colors, colorsFor } from './colors.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { UsageError } from './usage-error.ts';

/** From fewer attempts nothing can be told. */
const LEAST_ATTEMPTS = 20;

export interface LabFitOptions {
  readonly output?: string;
  readonly origin?: string;
  readonly json?: boolean;
}

/**
 * The `lab fit` command: estimates a world from a crawl's outcome log and writes it to a file.
 *
 * @throws UsageError
 */
export async function labFit(file: string, options: LabFitOptions): Promise<ExitCode> {
  const log = await readLog(file);
  const origin = options.origin ?? busiestOrigin(log);
  const ofOrigin = log.filter((outcome) => outcome.origin === origin);
  if (ofOrigin.length < LEAST_ATTEMPTS) {
    const seen = origin === undefined ? 'no attempt' : `${ofOrigin.length} attempts at ${origin}`;
    throw new UsageError(`${file} holds ${seen}; at least ${LEAST_ATTEMPTS} are needed`);
  }
  const fitted = fitWorld(ofOrigin, path.basename(file).replace(/\.[^.]*$/, '') || 'fitted');
  const output = options.output ?? `${file.replace(/\.[^./\\]*$/, '')}.world.json`;
  await writeFile(output, `${JSON.stringify(fitted.world, null, 2)}\n`).catch((error) => {
    throw new UsageError(`${output} cannot be written: ${messageOf(error)}`, { cause: error });
  });
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ origin, output, ...fitted }, null, 2)}\n`
      : fitReport(fitted, { origin: origin as string, output }, colorsFor(process.stdout)),
  );
  return EXIT.done;
}

async function readLog(file: string): Promise<LoggedOutcome[]> {
  try {
    return parseOutcomeLog(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof TroupeError) throw new UsageError(error.message, { cause: error });
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function busiestOrigin(log: readonly LoggedOutcome[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { origin } of log) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function fitReport(
  { fields, attemptsCount, spanSecs }: FittedWorld,
  { origin, output }: { readonly origin: string; readonly output: string },
  colors: Colors,
): string {
  const width = Math.max(...fields.map(({ field }) => field.length));
  const text = (value: number): string => String(Number(value.toPrecision(3)));
  const rows = fields.map(({ field, value, low, high, count }) => {
    const interval = `${text(low)} to ${text(high)}`;
    return `  ${field.padEnd(width)}  ${text(value).padStart(8)}  ${interval.padEnd(18)}  ${colors.dim(`from ${count}`)}`;
  });
  return [
    '',
    `${colors.bold(origin)}: ${attemptsCount} attempts in ${Math.round(spanSecs)} s; values with 95 % intervals`,
    ...rows,
    '',
    `Written to ${output}. To try policies on it:`,
    `  troupe lab --world ${output}`,
    '',
  ].join('\n');
}
