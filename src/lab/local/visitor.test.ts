import { expect, test } from 'vitest';
import { SeededRandom } from '../../core/random.ts';
import type { Fate } from './fate.ts';
import { Visitor } from './visitor.ts';

function visitorWith(fate: Fate): Visitor {
  return new Visitor(fate, new SeededRandom(1), 0);
}

function answersOf(visitor: Visitor, count: number, nowMs = 0): string[] {
  return Array.from({ length: count }, () => visitor.visit(nowMs).kind);
}

test('a banning site serves so many pages and refuses for good', () => {
  const visitor = visitorWith({ kind: 'banning', afterHits: 2 });
  expect(answersOf(visitor, 4)).toEqual(['page', 'page', 'banned', 'banned']);
  expect(visitor.hits).toBe(4);
  expect(visitor.answers).toMatchObject({ page: 2, banned: 2 });
});

test('a soft-blocking site denies after so many pages', () => {
  const visitor = visitorWith({ kind: 'soft-blocking', afterHits: 1 });
  expect(answersOf(visitor, 3)).toEqual(['page', 'denied', 'denied']);
});

test('a throttled visitor waits as long as Retry-After says and gets another burst', () => {
  const visitor = visitorWith({ kind: 'throttling', burst: 2, retryAfterSecs: 2 });
  expect(answersOf(visitor, 2)).toEqual(['page', 'page']);
  expect(visitor.visit(0)).toEqual({ kind: 'throttled', retryAfterSecs: 2 });
  expect(visitor.visit(1_500)).toEqual({ kind: 'throttled', retryAfterSecs: 1 });
  expect(visitor.visit(1_999)).toEqual({ kind: 'throttled', retryAfterSecs: 1 });
  expect(answersOf(visitor, 3, 2_000)).toEqual(['page', 'page', 'throttled']);
});

test('a flaky visitor fails in about its share of requests, the same ones for the same seed', () => {
  const fate: Fate = { kind: 'flaky', failureShare: 0.3 };
  const answers = answersOf(visitorWith(fate), 1_000);
  const failures = answers.filter((answer) => answer === 'failed').length;
  expect(failures).toBeGreaterThan(230);
  expect(failures).toBeLessThan(370);
  expect(answersOf(visitorWith(fate), 1_000)).toEqual(answers);
});

test('a healthy visitor always gets its page', () => {
  expect(new Set(answersOf(visitorWith({ kind: 'healthy' }), 100))).toEqual(new Set(['page']));
});
