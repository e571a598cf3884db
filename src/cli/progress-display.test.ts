import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { ProgressDisplay } from './progress-display.ts';

function setUp(stream: { isTTY?: boolean; columns?: number }, env = {}) {
  const clock = new FakeClock();
  const written: string[] = [];
  const state = { finishedCount: 0 };
  const display = new ProgressDisplay({
    clock,
    env: { NO_COLOR: '1', ...env },
    stream: { ...stream, write: (text) => written.push(text) },
  });
  const start = (): void =>
    display.start(() => ({
      finishedCount: state.finishedCount,
      failedCount: 0,
      totalCount: 100,
      usableSessionsCount: 1,
      coolingSessionsCount: 0,
      retired: {},
    }));
  return { clock, written, state, display, start };
}

/** What a terminal shows after the writes: the lines, the last one being the current. */
function screen(written: readonly string[]): string[] {
  const lines = written.join('').split('\n');
  return lines.map((line) => line.split('\r\u001b[2K').at(-1) ?? '');
}

test('a terminal shows one line, kept up to date within its width', async () => {
  const { clock, written, state, display, start } = setUp({ isTTY: true, columns: 60 });
  start();
  state.finishedCount = 10;
  await clock.advance(1_000);
  const lines = screen(written);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^█{2}░{18} 10\/100 pages · 10\.0 pages\/s/);
  expect(lines[0]?.length).toBeLessThanOrEqual(59);
  display.stop();
  expect(screen(written)).toEqual(['']);
  expect(clock.pendingTimersCount).toBe(0);
});

test.each([0, undefined])(
  'a terminal with a width of %s is taken for one of 80 columns',
  (columns) => {
    const { written, start, display } = setUp({ isTTY: true, ...(columns === 0 && { columns }) });
    start();
    expect(screen(written)[0]).toMatch(/^░{20} .* cooling$/);
    display.stop();
  },
);

test('messages stand above the live line', async () => {
  const { written, display, start } = setUp({ isTTY: true, columns: 60 });
  start();
  display.print('first');
  display.print('second');
  const lines = screen(written);
  expect(lines.slice(0, 2)).toEqual(['first', 'second']);
  expect(lines[2]).toContain('0/100 pages');
  display.stop();
  display.print('after');
  expect(screen(written)).toEqual(['first', 'second', 'after', '']);
});

test.each([
  ['a pipe', {}, {}],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
])('%s gets a plain line every five seconds', async (_name, stream, env) => {
  const { clock, written, state, display, start } = setUp(stream, env);
  start();
  await clock.advance(4_999);
  expect(written).toEqual([]);
  state.finishedCount = 20;
  await clock.advance(1);
  state.finishedCount = 25;
  await clock.advance(5_000);
  display.print('note');
  display.stop();
  expect(written).toEqual([
    '20/100 pages · 4.0 pages/s · sessions 1 usable, 0 cooling\n',
    '25/100 pages · 1.0 pages/s · sessions 1 usable, 0 cooling\n',
    'note\n',
  ]);
});

test('speed is that of the last seconds, not of the whole crawl', async () => {
  const { clock, written, state, display, start } = setUp({ isTTY: true, columns: 100 });
  start();
  state.finishedCount = 50;
  await clock.advance(6_000);
  await clock.advance(6_000);
  expect(screen(written)[0]).toContain('· 0.0 pages/s');
  display.stop();
});
