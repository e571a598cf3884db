import { htmlText } from './html-text.ts';
import { linearScale, logScale, type Scale, tickText } from './scale.ts';

const WIDTH = 440;
const HEIGHT = 250;
const LEFT = 46;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 36;

/** What all marks of a policy have in common. */
export interface Hue {
  readonly policy: string;
  /** CSS class with its colour. */
  readonly className: string;
}

export interface Line extends Hue {
  /** At even distances of `stepSecs`, the first at one step. */
  readonly values: readonly number[];
}

/** Values over time, one line a policy. */
export function linePlot(parts: {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stepSecs: number;
  /** Times in which the site was down. */
  readonly outages: readonly { readonly fromSecs: number; readonly secs: number }[];
}): string {
  const { lines, stepSecs, outages } = parts;
  const stepsCount = Math.max(...lines.map(({ values }) => values.length));
  const endSecs = stepsCount * stepSecs;
  const x = timeScale(endSecs);
  const y = linearScale(Math.max(...lines.flatMap(({ values }) => values), 0));
  const bands = outages.map(({ fromSecs, secs }) => {
    const from = across(x.place(fromSecs));
    const to = across(Math.min(1, x.place(fromSecs + secs)));
    return `<rect class="outage" x="${fixed(from)}" y="${TOP}" width="${fixed(to - from)}" height="${HEIGHT - TOP - BOTTOM}"><title>The site is down</title></rect>`;
  });
  const paths = lines.map(({ values, className, policy }) => {
    const points = values.map(
      (value, step) =>
        `${fixed(across(x.place((step + 1) * stepSecs)))},${fixed(up(y.place(value)))}`,
    );
    return `<polyline class="line ${className}" data-policy="${htmlText(policy)}" points="${points.join(' ')}"><title>${htmlText(policy)}</title></polyline>`;
  });
  return figure(parts.title, [
    ...bands,
    ...yAxis(y),
    ...xAxis(x, (secs) => `${tickText(secs / 60)}`, 'minutes'),
    ...paths,
  ]);
}

export interface Point extends Hue {
  readonly x: number;
  readonly y: number;
  readonly xHalfWidth: number;
  readonly yHalfWidth: number;
}

/** Goodput against waste: the better, the further up and left. Bars are 95 % intervals. */
export function scatterPlot(title: string, points: readonly Point[]): string {
  const x = logScale(0.001, Math.max(...points.map((point) => point.x + point.xHalfWidth)));
  const y = linearScale(Math.max(...points.map((point) => point.y + point.yHalfWidth)));
  const marks = points.map((point) => {
    const cx = across(x.place(point.x));
    const cy = up(y.place(point.y));
    const bars = [
      `M${fixed(across(x.place(point.x - point.xHalfWidth)))} ${fixed(cy)}H${fixed(across(x.place(point.x + point.xHalfWidth)))}`,
      `M${fixed(cx)} ${fixed(up(y.place(Math.max(0, point.y - point.yHalfWidth))))}V${fixed(up(y.place(point.y + point.yHalfWidth)))}`,
    ];
    const label = `${point.policy}: ${tickText(point.y)} pages/s, waste ${tickText(point.x)}`;
    return `<g class="${point.className}" data-policy="${htmlText(point.policy)}"><path class="bar" d="${bars.join('')}"/><circle class="dot" cx="${fixed(cx)}" cy="${fixed(cy)}" r="6"><title>${htmlText(label)}</title></circle></g>`;
  });
  const wasteText = (waste: number): string => (waste <= 0.001 ? '≤ 0.001' : tickText(waste));
  return figure(title, [
    ...yAxis(y),
    ...xAxis(x, wasteText, 'failed attempts a page, logarithmic'),
    ...marks,
  ]);
}

function figure(title: string, content: readonly string[]): string {
  return `<figure><figcaption>${htmlText(title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${htmlText(title)}">${content.join('')}</svg></figure>`;
}

function yAxis(scale: Scale): string[] {
  return scale.ticks.map((tick) => {
    const y = fixed(up(scale.place(tick)));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="tick" x="${LEFT - 7}" y="${y}" dy="0.35em" text-anchor="end">${tickText(tick)}</text>`;
  });
}

function xAxis(scale: Scale, text: (value: number) => string, unit: string): string[] {
  const labels = scale.ticks
    .filter((tick) => scale.place(tick) <= 1.0001)
    .map((tick) => {
      const x = fixed(across(scale.place(tick)));
      return `<line class="notch" x1="${x}" x2="${x}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 4}"/><text class="tick" x="${x}" y="${HEIGHT - BOTTOM + 15}" text-anchor="middle">${htmlText(text(tick))}</text>`;
    });
  return [
    ...labels,
    `<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 5}" text-anchor="middle">${unit}</text>`,
  ];
}

/** Ends where the crawl ends, with ticks at whole minutes. */
function timeScale(endSecs: number): Scale {
  const { ticks } = linearScale(endSecs / 60, 5);
  return { ticks: ticks.map((minutes) => minutes * 60), place: (secs) => secs / endSecs };
}

function across(share: number): number {
  return LEFT + Math.min(1, Math.max(0, share)) * (WIDTH - LEFT - RIGHT);
}

function up(share: number): number {
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

function fixed(value: number): string {
  return value.toFixed(1);
}
