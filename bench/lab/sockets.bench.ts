import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { goodputOracle } from '../../src/lab/policies/oracles.ts';
import { type Estimate, estimate } from '../../src/lab/report/estimate.ts';
import { simulate } from '../../src/lab/simulation/simulate.ts';
import { findWorld } from '../../src/lab/worlds/find-world.ts';
import {
  type Crawl,
  crawleeDefaults,
  crawleeTuned,
  type Tally,
  troupe,
  troupeRandom,
} from './socket-crawls.ts';
import { serveIfWorld, startWorld, type WorldAddress } from './socket-server.ts';

await serveIfWorld();

// node bench/run.mjs bench/lab/sockets.bench.ts [--quick] [--seed N]… [--subject NAME]…
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', multiple: true },
    subject: { type: 'string', multiple: true },
  },
  strict: false,
});

const SUBJECTS: Readonly<Record<string, Crawl>> = {
  troupe,
  'troupe, random': troupeRandom,
  'crawlee, defaults': crawleeDefaults,
  'crawlee, tuned': crawleeTuned,
};
const CAP_SECS = options.quick ? 40 : 180;
const SEEDS = (
  (options.seed as string[] | undefined) ?? (options.quick ? ['2001'] : ['2001', '2002', '2003'])
).map(Number);
const NAMES = (options.subject as string[] | undefined) ?? Object.keys(SUBJECTS);

interface Reading extends Tally {
  readonly secs: number;
}

const ASSIGNED = process.env['TROUPE_BENCH_CRAWL'];
if (ASSIGNED !== undefined) {
  const { subject, address } = JSON.parse(ASSIGNED) as { subject: string; address: WorldAddress };
  process.send?.(await measure(SUBJECTS[subject] as Crawl, address));
  process.exit(0);
}

const fifty = await findWorld('fifty-proxies');
const world = { ...fifty, pagesCount: options.quick ? 300 : 2_000 };
console.log(
  `CheerioCrawler in the world fifty-proxies on real sockets: ${world.pagesCount} pages, at most ${CAP_SECS} s a crawl, seeds ${SEEDS.join(', ')}`,
);
console.log('must reach: all pages, ≥ 0.85 of the bound, waste ≤ 0.07\n');

const bounds = new Map<number, number>();
for (const seed of SEEDS) {
  bounds.set(seed, (await simulate({ world, policy: goodputOracle, seed })).goodput);
}
const readings = new Map<string, Reading[]>(NAMES.map((name) => [name, []]));
const shares = new Map<string, number[]>(NAMES.map((name) => [name, []]));
for (const seed of SEEDS) {
  for (const name of NAMES) {
    const reading = await crawlOnce(name, seed);
    readings.get(name)?.push(reading);
    const share = reading.delivered / reading.secs / (bounds.get(seed) ?? Number.NaN);
    shares.get(name)?.push(share);
    console.log(
      `  seed ${seed}  ${name.padEnd(18)} ${String(reading.delivered).padStart(5)} pages in ${reading.secs.toFixed(1).padStart(6)} s, ${share.toFixed(3)} of the bound, waste ${wasteOf(reading).toFixed(3)}`,
    );
  }
}
console.log('');
for (const name of NAMES) {
  const all = readings.get(name) ?? [];
  console.log(
    `  ${name.padEnd(18)} pages ${text(estimate(all.map(({ delivered }) => delivered)), 0)}, of the bound ${text(estimate(shares.get(name) ?? []), 3)}, waste ${text(estimate(all.map(wasteOf)), 3)}`,
  );
}

async function crawlOnce(subject: string, seed: number): Promise<Reading> {
  const served = await startWorld(world, seed);
  try {
    return await inFreshProcess(subject, served.address);
  } finally {
    served.close();
  }
}

function inFreshProcess(subject: string, address: WorldAddress): Promise<Reading> {
  const child = fork(process.argv[1] ?? '', process.argv.slice(2), {
    env: {
      ...process.env,
      TROUPE_BENCH_CRAWL: JSON.stringify({ subject, address }),
      TROUPE_LOG_LEVEL: 'off',
    },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (reading) => resolve(reading as Reading));
    child.once('exit', (code) => reject(new Error(`${subject} ended with ${code} and no reading`)));
  });
}

/** What is delivered when time is up counts; what a crawl does while it winds down does not. */
async function measure(crawl: Crawl, address: WorldAddress): Promise<Reading> {
  const folder = mkdtempSync(path.join(tmpdir(), 'troupe-bench-'));
  process.env['TROUPE_STORAGE_DIR'] = path.join(folder, 'troupe');
  process.env['CRAWLEE_STORAGE_DIR'] = path.join(folder, 'crawlee');
  const tally: Tally = { attempts: 0, delivered: 0 };
  const timeIsUp = new AbortController();
  const began = performance.now();
  try {
    const cap = new Promise<void>((resolve) => setTimeout(resolve, CAP_SECS * 1_000));
    await Promise.race([crawl(address, tally, timeIsUp.signal), cap]);
    return { ...tally, secs: (performance.now() - began) / 1_000 };
  } finally {
    timeIsUp.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}

function wasteOf({ attempts, delivered }: Tally): number {
  return (attempts - delivered) / Math.max(1, delivered);
}

function text(value: Estimate | null, digits: number): string {
  if (value === null) return '–';
  const width = value.halfWidth === null ? '' : ` ± ${value.halfWidth.toFixed(digits)}`;
  return `${value.mean.toFixed(digits)}${width}`;
}
