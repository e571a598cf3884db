import type { FateKind } from '../lab/local/fate.ts';
import type { SessionExplanation } from '../session/explanation.ts';
import type { TimelineEvent } from '../session/timeline.ts';
import type { Colors } from './colors.ts';
import type { DemoResult, FateSummary } from './demo-result.ts';
import { retiredText } from './progress.ts';

const FATE_TEXTS: Readonly<Record<FateKind, string>> = {
  healthy: 'serve every page',
  dead: 'refuse connections',
  hanging: 'accept and never answer',
  banning: '403 after some pages',
  throttling: '429 with Retry-After',
  'soft-blocking': '"Access denied" with 200',
  flaky: '502 and 503 now and then',
};

/** URLs shown of each kind of mistake. */
const MAX_LISTED = 5;

/** The demo's result for people, line by line. */
export function demoReport(result: DemoResult, colors: Colors): string {
  return [
    '',
    ...headline(result, colors),
    '',
    ...figures(result, colors),
    '',
    ...fateTable(result.fates, colors),
    ...(result.explained ? ['', ...story(result.explained, colors)] : []),
    '',
  ].join('\n');
}

function headline({ pages, ...result }: DemoResult, colors: Colors): string[] {
  if (result.isComplete) {
    return [colors.bold(colors.green(`✔ All ${pages.expected} pages crawled, each exactly once`))];
  }
  return [
    colors.bold(colors.red(`✘ ${pages.crawled} of ${pages.expected} pages crawled`)),
    ...mistakes('missing', pages.missing),
    ...mistakes('more than once', pages.repeated),
    ...mistakes('not on the site', pages.unknown),
    ...(result.requestsFailed > 0 ? [`  failed requests: ${result.requestsFailed}`] : []),
  ];
}

function mistakes(what: string, urls: readonly string[]): string[] {
  if (urls.length === 0) return [];
  const more = urls.length > MAX_LISTED ? `, and ${urls.length - MAX_LISTED} more` : '';
  return [`  ${what} (${urls.length}): ${urls.slice(0, MAX_LISTED).join(', ')}${more}`];
}

function figures(result: DemoResult, colors: Colors): string[] {
  const outcomes = Object.entries(result.outcomes)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const wasted = result.attempts - result.outcomes.ok;
  const row = (name: string, text: string): string => `  ${colors.dim(name.padEnd(10))}${text}`;
  return [
    row('time', `${result.runtimeSecs.toFixed(1)} s, ${result.pagesPerSec.toFixed(1)} pages/s`),
    row(
      'attempts',
      `${result.attempts}, ${result.attemptsPerPage.toFixed(2)} a page (${wasted} came to nothing)`,
    ),
    row('outcomes', outcomes),
    row(
      'sessions',
      `${result.sessionsCreated} made, ${result.sessionsRetired} retired` +
        (result.sessionsRetired > 0 ? `: ${retiredText(result.sessionsRetiredByReason)}` : ''),
    ),
    row('seed', String(result.seed)),
  ];
}

function fateTable(fates: readonly FateSummary[], colors: Colors): string[] {
  const head = ['proxies', '', '', 'attempts', 'reached site', 'pages', 'refused'];
  const rows = fates.map((summary) => [
    String(summary.proxies),
    summary.fate,
    FATE_TEXTS[summary.fate],
    String(summary.attempts),
    String(summary.hits),
    String(summary.answers.page),
    String(summary.hits - summary.answers.page),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 1 || column === 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ');
  return [`  ${colors.dim(line(head))}`, ...rows.map((row) => `  ${line(row)}`)];
}

function story(explanation: SessionExplanation, colors: Colors): string[] {
  const { id, proxy, summary, timeline, forgottenCount } = explanation;
  const from = timeline[0]?.at.getTime() ?? 0;
  return [
    `  ${colors.bold(`Why was ${id} retired?`)} ${summary}`,
    `  ${colors.dim(`Its proxy: ${proxy ?? 'none'}`)}`,
    ...(forgottenCount > 0 ? [`  ${colors.dim(`… ${forgottenCount} earlier events`)}`] : []),
    ...timeline.map((event) => `  ${eventLine(event, from, colors)}`),
  ];
}

function eventLine(event: TimelineEvent, from: number, colors: Colors): string {
  const secs = `+${((event.at.getTime() - from) / 1000).toFixed(2)} s`;
  const details = [
    event.status === undefined ? '' : `status ${event.status}`,
    event.cooldownSecs === undefined ? '' : `rests ${event.cooldownSecs} s`,
    event.retiredReason ?? '',
  ].filter((detail) => detail !== '');
  const tail = details.length > 0 ? ` (${details.join(', ')})` : '';
  return `${colors.dim(secs.padStart(10))}  ${event.event}${tail}`;
}
