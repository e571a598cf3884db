import { expect, test } from 'vitest';
import { HttpError, type HttpErrorKind } from '../http/http-error.ts';
import type { Outcome } from '../session/outcome.ts';
import { errorOfStatus, outcomeOfError, type StatusRules } from './classify.ts';
import { PageError, SessionError } from './crawl-errors.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const RULES: StatusRules = {
  blocked: new Set([401, 403]),
  additional: new Set(),
  ignored: new Set(),
};

function outcomeOfStatus(
  statusCode: number,
  headers: Record<string, string> = {},
  options: Partial<StatusRules> & { hasProxy?: boolean } = {},
): Outcome | undefined {
  return errorOfStatus(
    { statusCode, headers, url: 'http://site/' },
    { ...RULES, ...options },
    { now: NOW, hasProxy: options.hasProxy ?? false },
  )?.outcome;
}

test('pages, redirects and missing pages go on to the handler', () => {
  for (const status of [200, 204, 301, 404, 410, 451]) {
    expect(outcomeOfStatus(status)).toBeUndefined();
  }
});

test('401 and 403 block, and the list can be changed', () => {
  expect(outcomeOfStatus(401)).toEqual({ kind: 'blocked', status: 401 });
  expect(outcomeOfStatus(403)).toEqual({ kind: 'blocked', status: 403 });
  expect(outcomeOfStatus(403, {}, { blocked: new Set([418]) })).toBeUndefined();
  expect(outcomeOfStatus(418, {}, { blocked: new Set([418]) })?.kind).toBe('blocked');
});

test('429 throttles, with the wait the site asks for', () => {
  expect(outcomeOfStatus(429)).toEqual({ kind: 'throttled', status: 429 });
  expect(outcomeOfStatus(429, { 'retry-after': '5' })?.retryAfterSecs).toBe(5);
  expect(
    outcomeOfStatus(429, { 'retry-after': 'Thu, 01 Jan 2026 12:01:00 GMT' })?.retryAfterSecs,
  ).toBe(60);
});

test('503 throttles only when the site says when to come back', () => {
  expect(outcomeOfStatus(503, { 'retry-after': '2' })?.kind).toBe('throttled');
  expect(outcomeOfStatus(503)?.kind).toBe('target');
  expect(outcomeOfStatus(503, { 'retry-after': 'later' })?.kind).toBe('target');
});

test('407 is the fault of the proxy where there is one', () => {
  expect(outcomeOfStatus(407, {}, { hasProxy: true })?.kind).toBe('proxy');
  expect(outcomeOfStatus(407)).toBeUndefined();
});

test('5xx is the fault of the target', () => {
  expect(outcomeOfStatus(500)).toEqual({ kind: 'target', status: 500 });
});

test('statuses can be added to the errors and taken from them', () => {
  expect(outcomeOfStatus(404, {}, { additional: new Set([404]) })?.kind).toBe('target');
  expect(outcomeOfStatus(200, {}, { additional: new Set([200]) })?.kind).toBe('target');
  expect(outcomeOfStatus(500, {}, { ignored: new Set([500]) })).toBeUndefined();
});

test('every kind of transport error has one culprit', () => {
  const expected: Record<HttpErrorKind, Outcome['kind']> = {
    proxy: 'proxy',
    'connect-timeout': 'timeout',
    'first-byte-timeout': 'timeout',
    'total-timeout': 'timeout',
    target: 'target',
    truncated: 'target',
    'too-large': 'target',
    redirects: 'target',
    aborted: 'user',
    invalid: 'user',
  };
  for (const [kind, outcome] of Object.entries(expected)) {
    const error = new HttpError(kind as HttpErrorKind, 'broke', { url: 'http://site/' });
    expect(outcomeOfError(error)).toEqual({ kind: outcome });
  }
});

test('an error of the program is nobody else’s fault', () => {
  expect(outcomeOfError(new TypeError('x is undefined'))).toEqual({ kind: 'user' });
  expect(outcomeOfError('thrown text')).toEqual({ kind: 'user' });
});

test('a verdict carried by the error stands', () => {
  expect(outcomeOfError(new SessionError())).toEqual({ kind: 'blocked' });
  const outcome: Outcome = { kind: 'throttled', retryAfterSecs: 3 };
  expect(outcomeOfError(new PageError('TROUPE_THROTTLED', 'wait', outcome))).toBe(outcome);
});
