import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { colorsFor } from './colors.ts';
import { liveLine, type Progress, progressText, retiredText } from './progress.ts';

const plain = colorsFor({}, {});
const progress: Progress = {
  finishedCount: 45,
  failedCount: 5,
  totalCount: 100,
  usableSessionsCount: 12,
  coolingSessionsCount: 3,
  retired: { proxy: 1, blocked: 2, expired: 0 },
};

test('the words tell pages, speed, failures and sessions, those retired by reason', () => {
  expect(progressText(progress, 12.34)).toBe(
    '45/100 pages · 12.3 pages/s · 5 failed · sessions 12 usable, 3 cooling · retired 2 blocked, 1 proxy',
  );
  expect(progressText({ ...progress, failedCount: 0, retired: {} }, 0)).toBe(
    '45/100 pages · 0.0 pages/s · sessions 12 usable, 3 cooling',
  );
});

test('the bar shows the share of requests that are done with', () => {
  expect(liveLine(progress, 1, 200, plain)).toMatch(/^█{10}░{10} 45\/100 pages/);
  const over = { ...progress, finishedCount: 120 };
  expect(liveLine(over, 1, 200, plain)).toMatch(/^█{20} /);
  expect(liveLine({ ...progress, totalCount: 0 }, 1, 200, plain)).toMatch(/^░{20} /);
});

test.each([1, 10, 39, 40, 41, 79, 120])('a line fits %i columns', (columns) => {
  const colored = liveLine(progress, 1, columns, colorsFor({ isTTY: true }, { TERM: 'xterm' }));
  expect(stripVTControlCharacters(colored).length).toBeLessThanOrEqual(columns);
  expect(stripVTControlCharacters(colored)).toBe(liveLine(progress, 1, columns, plain));
});

test('reasons come with the most frequent first', () => {
  expect(retiredText({ proxy: 1, blocked: 2 })).toBe('2 blocked, 1 proxy');
  expect(retiredText({})).toBe('');
});

test('colours are for terminals, unless NO_COLOR or FORCE_COLOR says otherwise', () => {
  const terminal = { isTTY: true };
  expect(colorsFor(terminal, {}).isColorSupported).toBe(true);
  expect(colorsFor({}, {}).isColorSupported).toBe(false);
  expect(colorsFor(terminal, { NO_COLOR: '1' }).isColorSupported).toBe(false);
  expect(colorsFor(terminal, { NO_COLOR: '' }).isColorSupported).toBe(true);
  expect(colorsFor(terminal, { TERM: 'dumb' }).isColorSupported).toBe(false);
  expect(colorsFor({}, { FORCE_COLOR: '1' }).isColorSupported).toBe(true);
  expect(colorsFor({}, { FORCE_COLOR: '1', NO_COLOR: '1' }).isColorSupported).toBe(false);
});
