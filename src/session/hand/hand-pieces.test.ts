import { expect, it } from 'vitest';
import { ColdState } from '../cold-state.ts';
import { cookieStringFor, storeRawCookie } from '../cookies.ts';
import { limitsOf } from '../session-options.ts';
import { SlotTable } from '../slot-table.ts';
import { cookieChangesOf, jarJsonOf } from './cookie-changes.ts';
import { FairShare } from './fair-share.ts';
import { UsesAhead, usesAheadFor } from './uses-ahead.ts';

const URL = 'https://site.example/';
const NOW = 1_700_000_000_000;

it('writes each cookie once, and again when it has changed or gone', () => {
  const cold = new ColdState();
  storeRawCookie(cold, 'a=1', URL);
  storeRawCookie(cold, 'b=1', URL);
  expect(cookieChangesOf(cold, NOW).map(({ key }) => key)).toEqual([
    'site.example;/;a',
    'site.example;/;b',
  ]);
  cookieStringFor(cold, URL);
  expect(cookieChangesOf(cold, NOW + 1)).toEqual([]);
  storeRawCookie(cold, 'a=2', URL);
  storeRawCookie(cold, 'b=; Max-Age=0', URL);
  const changes = cookieChangesOf(cold, NOW + 2);
  expect(changes.map(({ key, json, at }) => [key, json === null, at])).toEqual([
    ['site.example;/;a', false, NOW + 2],
    ['site.example;/;b', true, NOW + 2],
  ]);
});

it('goes on from cookies that came from the store, though this clock is behind', () => {
  const first = new ColdState();
  storeRawCookie(first, 'a=1', URL);
  const jsons = cookieChangesOf(first, NOW).map(({ json }) => json as string);
  const taken = new ColdState();
  taken.jarJson = jarJsonOf(jsons);
  taken.writtenCookies = jsons;
  expect(cookieStringFor(taken, URL)).toBe('a=1');
  expect(cookieChangesOf(taken, NOW - 5000)).toEqual([]);
  storeRawCookie(taken, 'a=2', URL);
  expect(cookieChangesOf(taken, NOW - 5000)[0]?.at).toBe(NOW + 1);
});

it('shares a pool so that no worker is left without, wherever there is one for each', () => {
  const share = new FairShare(4);
  share.note(3, 4);
  expect([share.most(true), share.least(true)]).toEqual([2, 1]);
  share.note(6, 4);
  expect([share.most(true), share.least(true)]).toEqual([1, 0]);
  share.note(2, 2);
  expect(share.most(false)).toBe(1);
});

it('leaves a fifth of the uses unwritten at most', () => {
  expect([1, 50, 1000].map(usesAheadFor)).toEqual([2, 10, 200]);
  expect(usesAheadFor(Number.POSITIVE_INFINITY)).toBe(0xffff_ffff);
});

it('tells the store after half of the uses it need not know of, and stops at all of them', () => {
  const table = new SlotTable();
  const ahead = new UsesAhead(4, table);
  const slot = table.allocate('a', limitsOf({}));
  const after = (uses: number): readonly boolean[] => {
    table.usageCount.set(slot, uses);
    return [ahead.isMany(slot), ahead.isAtLimit(slot)];
  };
  ahead.noteWritten(slot, 10);
  expect([11, 12, 13, 14].map(after)).toEqual([
    [false, false],
    [true, false],
    [true, false],
    [true, true],
  ]);
  ahead.noteWritten(slot, 14);
  expect(after(15)).toEqual([false, false]);
});

it('never has to tell the store of a session that may be used without limit', () => {
  const table = new SlotTable();
  const ahead = new UsesAhead(4, table);
  const slot = table.allocate('a', limitsOf({ maxUsageCount: Number.POSITIVE_INFINITY }));
  ahead.noteWritten(slot, 0);
  table.usageCount.set(slot, 1000);
  expect([ahead.isMany(slot), ahead.isAtLimit(slot)]).toEqual([false, false]);
});
