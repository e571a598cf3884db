import { expect, test } from 'vitest';
import { HttpError } from '../http/http-error.ts';
import type { OutcomeKind } from '../session/outcome.ts';
import { StorageError } from '../storage/storage-error.ts';
import {
  CriticalError,
  MissingRouteError,
  NonRetryableError,
  RetryRequestError,
  RotationsExhaustedError,
  StalledError,
  UrlBlockedError,
} from './crawl-errors.ts';
import { type Attempts, type Decision, decide } from './retry-policy.ts';

const LIMITS = { maxRequestRetries: 3, maxSessionRotations: 10, stallTimeoutSecs: 600 };
const FRESH: Attempts = {
  url: 'http://site/',
  retryCount: 0,
  rotationCount: 0,
  noRetry: false,
  maxRetries: undefined,
  throttledForMs: 0,
  excuse: 'none',
};
const ERROR = new Error('it broke');

function after(
  kind: OutcomeKind,
  attempts: Partial<Attempts> = {},
  error: unknown = ERROR,
): Decision {
  return decide({ kind }, error, { ...FRESH, ...attempts }, LIMITS);
}

test('each outcome does to the request what the table of outcomes says', () => {
  expect(after('ok').action).toBe('handled');
  expect(after('blocked').action).toBe('rotate');
  expect(after('throttled').action).toBe('wait');
  expect(after('proxy').action).toBe('rotate');
  expect(after('timeout').action).toBe('retry');
  expect(after('target').action).toBe('retry');
  expect(after('user').action).toBe('retry');
  expect(after('neutral').action).toBe('return');
});

test('retries end at their limit, and the request’s own limit goes first', () => {
  expect(after('target', { retryCount: 2 }).action).toBe('retry');
  expect(after('target', { retryCount: 3 })).toEqual({ action: 'fail', error: ERROR });
  expect(after('target', { retryCount: 3, maxRetries: 4 }).action).toBe('retry');
  expect(after('target', { retryCount: 0, maxRetries: 0 }).action).toBe('fail');
});

test('rotations have a limit of their own, with an error that says so', () => {
  expect(after('blocked', { rotationCount: 9, retryCount: 3 }).action).toBe('rotate');
  const decision = after('blocked', { rotationCount: 10 });
  expect(decision.action).toBe('fail');
  const error = (decision as { error: RotationsExhaustedError }).error;
  expect(error).toBeInstanceOf(RotationsExhaustedError);
  expect(error.message).toContain('11 sessions');
  expect(error.cause).toBe(ERROR);
});

test('throttling waits without spending anything until the stall cap', () => {
  const spent = { retryCount: 3, rotationCount: 10 };
  expect(after('throttled', { ...spent, throttledForMs: 599_999 }).action).toBe('wait');
  const decision = after('throttled', { throttledForMs: 600_000 });
  expect(decision.action).toBe('fail');
  expect((decision as { error: unknown }).error).toBeInstanceOf(StalledError);
});

test('noRetry and errors that would only happen again fail at once', () => {
  expect(after('target', { noRetry: true }).action).toBe('fail');
  expect(after('blocked', { noRetry: true }).action).toBe('fail');
  expect(after('user', {}, new NonRetryableError()).action).toBe('fail');
  const tooLarge = new HttpError('too-large', 'big', { url: 'http://site/' });
  expect(after('target', {}, tooLarge).action).toBe('fail');
});

test('a demanded retry ignores the limit', () => {
  expect(after('user', { retryCount: 99 }, new RetryRequestError()).action).toBe('wait');
});

test('critical errors, missing routes and a failing storage end the crawl', () => {
  expect(after('user', {}, new CriticalError()).action).toBe('crash');
  expect(after('user', {}, new MissingRouteError('detail')).action).toBe('crash');
  const full = new StorageError('TROUPE_STORAGE_FULL', 'crawl.sqlite', 'the disk is full');
  expect(after('user', {}, full)).toEqual({ action: 'crash', error: full });
});

test('a URL that is blocked on everybody fails at once, and says so', () => {
  const decision = after('blocked', { excuse: 'url' });
  expect(decision.action).toBe('fail');
  const { error } = decision as { error: UrlBlockedError };
  expect(error).toBeInstanceOf(UrlBlockedError);
  expect(error).toMatchObject({ code: 'TROUPE_URL_BLOCKED', cause: ERROR });
});

test('a request to a site that is down waits without spending anything, though not for ever', () => {
  for (const kind of ['blocked', 'timeout', 'target'] as const) {
    expect(after(kind, { excuse: 'origin', retryCount: 3, rotationCount: 10 }).action).toBe('wait');
  }
  const decision = after('target', { excuse: 'origin', throttledForMs: 600_000 });
  expect(decision.action).toBe('fail');
  expect((decision as { error: Error }).error.message).toContain('has waited for its site');
});
