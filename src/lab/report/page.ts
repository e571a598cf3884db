import { isOracle, type Policy } from '../policies/policy.ts';
import type { ResolvedWorld } from '../worlds/world.ts';
import type { PolicyReport, WorldReport } from './comparison.ts';
import type { Estimate } from './estimate.ts';
import { htmlText } from './html-text.ts';
import { HUES_COUNT, PAGE_STYLE } from './page-style.ts';
import { type Line, linePlot, scatterPlot } from './plots.ts';

export interface LabPageParts {
  readonly worlds: readonly ResolvedWorld[];
  readonly policies: readonly Policy[];
  readonly seeds: readonly (number | string)[];
  readonly reports: readonly WorldReport[];
}

/** Rates over time are means over so many samples on either side. */
const SMOOTHING = 3;

/** Shows and hides a policy everywhere. */
const SCRIPT = `
for (const button of document.querySelectorAll('.legend button')) {
  button.addEventListener('click', () => {
    const isOn = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isOn));
    for (const mark of document.querySelectorAll('[data-policy]')) {
      if (mark.dataset.policy === button.dataset.for) mark.classList.toggle('off', !isOn);
    }
  });
}`;

/** The lab's result as one page that loads nothing from anywhere. */
export function labPage(parts: LabPageParts): string {
  const { policies, seeds, reports } = parts;
  const classOf = classesOf(policies);
  const runs = `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} (${seedsText(seeds)})`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Troupe lab</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<h1>Troupe lab</h1>
<p>Simulated crawls of ${reports.length} ${reports.length === 1 ? 'world' : 'worlds'}, ${runs} for each policy. Every policy met the same proxies, refusals and outages. Figures are means; ± and bars are 95 % confidence intervals (Student’s t).</p>
<p>Waste is the number of attempts that brought no page, for each page delivered. The oracles see what no crawler can see, and bound what is possible: one delivers most, the other wastes least. Burnt sessions retired as blocked, for their error score or for their proxy; lost pages were given up; the last column says when half of the oracle’s pages had been delivered.</p>
<div class="legend">${policies.map((policy) => legendButton(policy, classOf(policy.name))).join('')}</div>
${reports.length > 1 ? overview(parts, classOf) : ''}
${reports.map((report) => section(report, parts, classOf)).join('\n')}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function legendButton({ name, summary = '' }: Policy, className: string): string {
  return `<button class="${className}" data-for="${htmlText(name)}" aria-pressed="true" title="${htmlText(summary)}"><i></i>${htmlText(name)}</button>`;
}

/** Worlds by policies: the share of the goodput oracle's pages, or pages a second where that did not run. */
function overview({ policies, reports }: LabPageParts, classOf: (name: string) => string): string {
  const hasOracle = reports.every((report) => report.policies.some((one) => one.ofOracle));
  const head = policies.map(
    ({ name }) =>
      `<th class="${classOf(name)}" data-policy="${htmlText(name)}">${htmlText(name)}</th>`,
  );
  const rows = reports.map((report) => {
    const cells = policies.map(({ name }) => {
      const one = report.policies.find(({ policy }) => policy === name);
      const share = hasOracle ? one?.ofOracle : null;
      const text = share ? shareCell(share.mean) : one ? one.goodput.mean.toFixed(1) : '';
      return `<td data-policy="${htmlText(name)}">${text}</td>`;
    });
    return `<tr><td><a href="#${anchorOf(report.world)}">${htmlText(report.world)}</a></td>${cells.join('')}</tr>`;
  });
  const caption = hasOracle
    ? 'Pages delivered, as a share of what the goodput oracle delivered.'
    : 'Pages delivered a second.';
  return `<h2>Overview</h2><p>${caption}</p><div class="scroll"><table><tr><th>world</th>${head.join('')}</tr>${rows.join('')}</table></div>`;
}

function shareCell(share: number): string {
  const className = share >= 0.9 ? 'high' : share < 0.5 ? 'low' : '';
  return `<span class="${className}">${(100 * share).toFixed(1)} %</span>`;
}

function section(
  { world: name, policies }: WorldReport,
  { worlds }: LabPageParts,
  classOf: (name: string) => string,
): string {
  const world = worlds.find((one) => one.name === name);
  const stepSecs = policies[0]?.series.stepSecs ?? 1;
  const outages = world?.site.outages ?? [];
  const linesOf = (values: (report: PolicyReport) => number[]): Line[] =>
    policies.map((report) => ({
      policy: report.policy,
      className: classOf(report.policy),
      values: values(report),
    }));
  const points = policies.map((report) => ({
    policy: report.policy,
    className: classOf(report.policy),
    x: report.waste.mean,
    y: report.goodput.mean,
    xHalfWidth: report.waste.halfWidth ?? 0,
    yHalfWidth: report.goodput.halfWidth ?? 0,
  }));
  const plots = [
    scatterPlot('Goodput (pages/s) against waste: up and left is better', points),
    linePlot({
      title: 'Goodput: pages delivered a second',
      lines: linesOf(({ series }) => rates(series.delivered, stepSecs)),
      stepSecs,
      outages,
    }),
    linePlot({
      title: 'Waste: share of attempts that brought no page',
      lines: linesOf(({ series }) => wastedShares(series.wasted, series.delivered)),
      stepSecs,
      outages,
    }),
    linePlot({
      title: 'Sessions at rest',
      lines: linesOf(({ series }) => [...series.cooling]),
      stepSecs,
      outages,
    }),
  ];
  return `<h2 id="${anchorOf(name)}">${htmlText(name)}</h2><p>${htmlText(world?.summary ?? '')}</p><div class="plots">${plots.join('')}</div><div class="scroll">${table(policies, classOf)}</div>`;
}

function table(policies: readonly PolicyReport[], classOf: (name: string) => string): string {
  const rows = policies.map((report) =>
    [
      `<tr class="${classOf(report.policy)}" data-policy="${htmlText(report.policy)}">`,
      `<td><i></i>${htmlText(report.policy)}</td>`,
      cell(report.goodput, 2),
      cell(report.ofOracle, 1, 100, ' %'),
      cell(report.ofRandom, 1, 100, ' %'),
      cell(report.waste, 3),
      cell(report.burnt, 1),
      cell(report.burntInOutage, 1),
      cell(report.lost, 1),
      cell(report.secsToHalf, 0, 1, ' s'),
      '</tr>',
    ].join(''),
  );
  return `<table><tr><th>policy</th><th>pages/s</th><th>of the oracle</th><th>of random</th><th>waste</th><th>burnt</th><th>in outages</th><th>lost</th><th>half after</th></tr>${rows.join('')}</table>`;
}

function cell(value: Estimate | null, digits: number, factor = 1, unit = ''): string {
  if (value === null) return '<td>–</td>';
  const { mean, halfWidth } = value;
  const text = (number: number): string =>
    (number * factor).toFixed(mean * factor >= 1000 ? 0 : digits);
  const width = halfWidth === null ? '' : ` <small>± ${text(halfWidth)}</small>`;
  return `<td>${text(mean)}${unit}${width}</td>`;
}

/** Per second, smoothed. */
function rates(totals: readonly number[], stepSecs: number): number[] {
  return totals.map((_, step) => {
    const { change, steps } = changeAround(totals, step);
    return change / (steps * stepSecs);
  });
}

function wastedShares(wasted: readonly number[], delivered: readonly number[]): number[] {
  return wasted.map((_, step) => {
    const lost = changeAround(wasted, step).change;
    const attempts = lost + changeAround(delivered, step).change;
    return attempts > 0 ? lost / attempts : 0;
  });
}

function changeAround(
  totals: readonly number[],
  step: number,
): { readonly change: number; readonly steps: number } {
  const from = Math.max(-1, step - SMOOTHING - 1);
  const to = Math.min(totals.length - 1, step + SMOOTHING);
  return { change: (totals[to] ?? 0) - (totals[from] ?? 0), steps: to - from };
}

/** A colour for each policy; the oracles are dashed. */
function classesOf(policies: readonly Policy[]): (name: string) => string {
  const classes = new Map(
    policies.map((policy, nth) => [
      policy.name,
      `hue-${nth % HUES_COUNT}${isOracle(policy) ? ' oracle' : ''}`,
    ]),
  );
  return (name) => classes.get(name) ?? 'hue-0';
}

function anchorOf(world: string): string {
  return `world-${encodeURIComponent(world)}`;
}

function seedsText(seeds: readonly (number | string)[]): string {
  const first = htmlText(String(seeds[0]));
  return seeds.length === 1 ? first : `${first} to ${htmlText(String(seeds.at(-1)))}`;
}
