import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';

/** What one run of one subject showed, by column, such as `{ 'pages/s': 1200, 'peak MB': 180 }`. */
export type Readings = Readonly<Record<string, number>>;

export interface Comparison {
  /** Which way each column is better. */
  readonly columns: Readonly<Record<string, 'more' | 'less'>>;
  /** The subject every ratio is taken to. */
  readonly against: string;
  /** Each run gets a fresh process. */
  readonly subjects: Readonly<Record<string, () => Promise<Readings> | Readings>>;
  /** What Troupe must reach, for the reader of the table. */
  readonly goal?: string;
  /** The median of so many runs is shown. @default 3 */
  readonly runs?: number;
}

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, runs: { type: 'string' } },
  strict: false,
});

/** A size for real measurements, or a small one for `--quick`, which only shows that a benchmark works. */
export function size(full: number, quick: number): number {
  return options['quick'] ? quick : full;
}

/** Set in a process that runs one subject of one comparison. */
const ASSIGNED = process.env['TROUPE_BENCH_SUBJECT'];

/** Runs every subject in processes of its own, in turns, and prints the medians with their ratios. */
export async function compare(title: string, comparison: Comparison): Promise<void> {
  const names = Object.keys(comparison.subjects);
  if (ASSIGNED !== undefined) {
    const name = names.find((candidate) => `${title}/${candidate}` === ASSIGNED);
    if (name === undefined) return;
    process.send?.(await comparison.subjects[name]?.());
    process.exit(0);
  }
  const seen = new Map<string, Readings[]>(names.map((name) => [name, []]));
  for (let run = 0; run < runsOf(comparison); run++) {
    for (const name of names) seen.get(name)?.push(await inFreshProcess(`${title}/${name}`));
  }
  print(title, comparison, new Map([...seen].map(([name, runs]) => [name, medians(runs)])));
}

function runsOf({ runs = 3 }: Comparison): number {
  if (options['quick']) return 1;
  return options['runs'] === undefined ? runs : Number(options['runs']);
}

function inFreshProcess(subject: string): Promise<Readings> {
  const [, script = '', ...args] = process.argv;
  const child = fork(script, args, {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
    env: { ...process.env, TROUPE_BENCH_SUBJECT: subject, TROUPE_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (readings) => resolve(readings as Readings));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${subject} ended with ${code} and no reading`)));
  });
}

function medians(runs: readonly Readings[]): Readings {
  const columns = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    columns.map((column) => [column, median(runs.map((run) => run[column] ?? Number.NaN))]),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function print(title: string, comparison: Comparison, results: Map<string, Readings>): void {
  const base = results.get(comparison.against);
  const header = ['', ...Object.entries(comparison.columns).flatMap(columnTitles)];
  const rows = [...results].map(([name, readings]) => [
    name,
    ...Object.keys(comparison.columns).flatMap((column) => {
      const value = readings[column] ?? Number.NaN;
      return [readable(value), `× ${readable(value / (base?.[column] ?? Number.NaN))}`];
    }),
  ]);
  const widths = header.map((_, index) =>
    Math.max(...[header, ...rows].map((row) => row[index]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ');
  console.log(title);
  if (comparison.goal) console.log(`must reach: ${comparison.goal}`);
  console.log(`${[header, ...rows].map((row) => `  ${line(row)}`).join('\n')}\n`);
}

function columnTitles([column, better]: [string, 'more' | 'less']): string[] {
  return [`${column} (${better} is better)`, ''];
}

/** Three significant digits below 100, whole numbers with separators above. */
function readable(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
