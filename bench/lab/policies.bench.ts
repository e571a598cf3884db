import { parseArgs } from 'node:util';
import { findPolicy } from '../../src/lab/policies/find-policy.ts';
import {
  compareRuns,
  type PolicyReport,
  type WorldReport,
} from '../../src/lab/report/comparison.ts';
import type { Estimate } from '../../src/lab/report/estimate.ts';
import { runLab } from '../../src/lab/simulation/run-lab.ts';
import { BUILT_IN_WORLDS, type BuiltInWorld } from '../../src/lab/worlds/built-in.ts';

// node bench/run.mjs bench/lab/policies.bench.ts [--quick] [--world NAME]… [--policy NAME]… [--seeds N]
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    world: { type: 'string', multiple: true },
    policy: { type: 'string', multiple: true },
    seeds: { type: 'string' },
  },
  strict: false,
});

/** Nobody tunes on these. */
const FIRST_SEED = 1001;
const SEEDS = Array.from(
  { length: Number(options.seeds ?? (options.quick ? 2 : 20)) },
  (_, nth) => FIRST_SEED + nth,
);
const NAMES = [
  'random',
  'random-true-delay',
  'random-judged',
  'round-robin',
  'backoff',
  'adaptive',
  'oracle-goodput',
  'oracle-waste',
];

/** What adaptive selection must reach, world by world. */
const GOALS: readonly {
  readonly text: string;
  readonly worlds: readonly string[];
  readonly isMet: (report: PolicyReport) => boolean;
}[] = [
  {
    text: 'goodput ≥ 0.9 of the oracle',
    worlds: [
      'mixed',
      'light-load',
      'half-dead',
      'outage',
      'tight-limit',
      'bans-without-429',
      'uneven-ips',
      'network-bans',
      'fifty-proxies',
      'slow-tail',
      'strict-small-fleet',
      'large-fleet',
      'residential',
      'maintenance',
      'quiet-bans',
      'free-list',
      'neighbours',
    ],
    isMet: ({ ofOracle }) => (ofOracle?.mean ?? 0) >= 0.9,
  },
  {
    text: 'waste ≤ 1/5 of random',
    worlds: ['tight-limit', 'half-dead', 'bans-without-429'],
    isMet: ({ wasteOfRandom }) => (wasteOfRandom ?? 0) <= 0.2,
  },
  {
    text: 'no session burnt while the site is down',
    worlds: ['outage', 'lockout'],
    isMet: ({ burntInOutage }) => burntInOutage.mean === 0,
  },
  {
    text: 'goodput ≥ 0.98 of random',
    worlds: ['benign', 'random-403', 'light-load', 'soft-blocks', 'poison-urls'],
    isMet: ({ ofRandom }) => (ofRandom?.mean ?? 0) >= 0.98,
  },
];

const names = (options.policy as string[] | undefined) ?? NAMES;
const policies = await Promise.all(names.map(findPolicy));
const chosen = BUILT_IN_WORLDS.filter(
  ({ world }) => !options.world || (options.world as string[]).includes(world.name),
);
console.log(
  `Simulated worlds, ${SEEDS.length} seeds from ${FIRST_SEED}; means with 95 % intervals. Pages/s, then waste: failed attempts a page\n`,
);
for (const one of chosen) {
  const world = options.quick ? { ...one.world, durationSecs: 120 } : one.world;
  const [report] = compareRuns(await runLab({ worlds: [world], policies, seeds: SEEDS }));
  if (report) print(one, report);
}

function print({ role, world }: BuiltInWorld, { policies: reports }: WorldReport): void {
  console.log(`${world.name}${role === 'held-out' ? ' (held out)' : ''}: ${world.summary}`);
  for (const report of reports) {
    const cells = [
      report.policy.padEnd(18),
      text(report.goodput, 2).padStart(16),
      text(report.waste, 3).padStart(18),
      `${text(report.ofOracle, 3)} of the oracle`.padStart(30),
      `burnt ${report.burnt.mean.toFixed(0)}`.padStart(13),
      `lost ${report.lost.mean.toFixed(0)}`.padStart(11),
    ];
    console.log(`  ${cells.join(' ')}`);
  }
  const adaptive = reports.find(({ policy }) => policy === 'adaptive');
  for (const { text: goal, worlds, isMet } of GOALS) {
    if (!adaptive || !worlds.includes(world.name)) continue;
    console.log(`  ${isMet(adaptive) ? 'met' : 'MISSED'}: ${goal}`);
  }
  console.log('');
}

function text(value: Estimate | null, digits: number): string {
  if (value === null) return '–';
  const width = value.halfWidth === null ? '' : ` ± ${value.halfWidth.toFixed(digits)}`;
  return `${value.mean.toFixed(digits)}${width}`;
}
