import { isOracle, type Policy } from '../lab/policies/policy.ts';
import type { PolicyReport, WorldReport } from '../lab/report/comparison.ts';
import type { Estimate } from '../lab/report/estimate.ts';
import type { BuiltInWorld } from '../lab/worlds/built-in.ts';
import type { ResolvedWorld } from '../lab/worlds/world.ts';
import type { Colors } from './colors.ts';

const HEAD = [
  'policy',
  'pages/s',
  '± 95 %',
  'of oracle',
  'of random',
  'waste',
  '± 95 %',
  'burnt',
  'lost',
  'half after',
];

/** One table a world: a line for each policy. */
export function labTable(
  worlds: readonly ResolvedWorld[],
  reports: readonly WorldReport[],
  colors: Colors,
): string {
  const rows = reports.flatMap(({ policies }) => policies.map(cellsOf));
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`;
  const parts = reports.map(({ world, policies }) => {
    const summary = worlds.find(({ name }) => name === world)?.summary ?? '';
    const burntInOutage = policies.some((report) => report.burntInOutage.mean > 0);
    return [
      `${colors.bold(world)}${summary ? `  ${colors.dim(summary)}` : ''}`,
      colors.dim(line(HEAD)),
      ...policies.map((report) => line(cellsOf(report))),
      ...(burntInOutage ? [colors.dim(`  burnt in the outage: ${outageText(policies)}`)] : []),
    ].join('\n');
  });
  return `\n${parts.join('\n\n')}\n`;
}

/** The worlds and policies that come with the lab. */
export function labList(
  worlds: readonly BuiltInWorld[],
  policies: readonly Policy[],
  colors: Colors,
): string {
  const width = Math.max(
    ...worlds.map(({ world }) => world.name.length),
    ...policies.map(({ name }) => name.length),
  );
  const row = (name: string, summary = ''): string => `  ${name.padEnd(width)}  ${summary}`;
  const ofRole = (role: BuiltInWorld['role']): string[] =>
    worlds.filter((one) => one.role === role).map(({ world }) => row(world.name, world.summary));
  return [
    colors.bold('Worlds'),
    ...ofRole('tuned'),
    colors.bold('Worlds held out: nobody tunes on them'),
    ...ofRole('held-out'),
    colors.bold('Policies'),
    ...policies.filter((policy) => !isOracle(policy)).map((one) => row(one.name, one.summary)),
    colors.bold('Oracles'),
    ...policies.filter(isOracle).map((one) => row(one.name, one.summary)),
  ].join('\n');
}

function cellsOf(report: PolicyReport): string[] {
  return [
    report.policy,
    ...meanAndWidth(report.goodput, 2),
    percent(report.ofOracle),
    percent(report.ofRandom),
    ...meanAndWidth(report.waste, 3),
    count(report.burnt),
    count(report.lost),
    report.secsToHalf === null ? 'never' : `${report.secsToHalf.mean.toFixed(0)} s`,
  ];
}

function meanAndWidth({ mean, halfWidth }: Estimate, digits: number): [string, string] {
  return [mean.toFixed(digits), halfWidth === null ? '' : `± ${halfWidth.toFixed(digits)}`];
}

function percent(value: Estimate | null): string {
  if (value === null) return '';
  const width = value.halfWidth === null ? '' : ` ± ${(100 * value.halfWidth).toFixed(1)}`;
  return `${(100 * value.mean).toFixed(1)}${width} %`;
}

function count({ mean }: Estimate): string {
  return mean.toFixed(mean < 10 && mean > 0 ? 1 : 0);
}

function outageText(policies: readonly PolicyReport[]): string {
  return policies
    .map(({ policy, burntInOutage }) => `${policy} ${count(burntInOutage)}`)
    .join(', ');
}
