import { describe, expect, it } from 'vitest';
import { OptionError, TroupeError } from '../core/errors.ts';
import { Request } from './request.ts';
import type { RequestOptions } from './request-options.ts';

const url = 'https://example.com/a?b=1';

function roundTrip(request: Request): Request {
  return Request.fromRow(JSON.parse(JSON.stringify(request.toRow())));
}

describe('Request', () => {
  it('is made of a URL alone', () => {
    const request = new Request(' https://Example.com/A/#top ');
    expect(request.url).toBe('https://Example.com/A/#top');
    expect(request.uniqueKey).toBe('https://example.com/A');
    expect(request).toMatchObject({ method: 'GET', headers: {}, userData: {}, retryCount: 0 });
    expect(request.id).toBe(new Request('https://example.com/A').id);
  });

  it('keeps its label in the user data', () => {
    const request = new Request({ url, label: 'detail', userData: { page: 2 } });
    expect(request.userData).toEqual({ label: 'detail', page: 2 });
    request.label = 'list';
    expect(request.userData['label']).toBe('list');
    request.label = undefined;
    expect('label' in request.userData).toBe(false);
    expect(new Request({ url, userData: { label: 'x' } }).label).toBe('x');
  });

  it('has user data of its own', () => {
    const userData = { list: [{ n: 1 }], at: new Date(0), none: undefined, nan: Number.NaN };
    const request = new Request({ url, userData });
    (userData.list[0] as { n: number }).n = 2;
    expect(request.userData).toEqual({
      list: [{ n: 1 }],
      at: '1970-01-01T00:00:00.000Z',
      nan: null,
    });
  });

  it('tells requests apart by method and payload when asked to', () => {
    const key = (options: Partial<RequestOptions>) =>
      new Request({ url, useExtendedUniqueKey: true, ...options }).uniqueKey;
    expect(key({ method: 'POST', payload: 'a' })).not.toBe(key({ method: 'POST', payload: 'b' }));
    expect(key({ method: 'POST' })).not.toBe(key({ method: 'PUT' }));
    expect(new Request({ url, method: 'POST', payload: 'a' }).uniqueKey).toBe(url);
  });

  it('takes a unique key as it is', () => {
    expect(new Request({ url, uniqueKey: 'Mine/' }).uniqueKey).toBe('Mine/');
  });

  it('names the session it needs, also after it was stored', () => {
    const request = roundTrip(new Request({ url, sessionId: 'ann', onMissing: 'wait' }));
    expect(request).toMatchObject({ sessionId: 'ann', sessionKey: undefined, onMissing: 'wait' });
    expect(roundTrip(new Request({ url, sessionKey: 'cart' })).sessionKey).toBe('cart');
    const both = { url, sessionId: 'ann', sessionKey: 'cart' };
    expect(() => new Request(both)).toThrow(/`sessionKey` to be absent with `sessionId`/);
    expect(() => new Request({ url, onMissing: 'hope' as never })).toThrow(/wait, replace, fail/);
  });

  it('offers the crawl depth as depth', () => {
    expect(new Request({ url, crawlDepth: 3 }).depth).toBe(3);
  });

  it.each([
    ['url', { url: 'example.com' }, "'example.com'"],
    ['url', { url: 'ftp://example.com' }, 'ftp'],
    ['url', { url: '' }, 'non-empty'],
    ['url', {}, 'undefined'],
    ['method', { url, method: 'FETCH' }, "'FETCH'"],
    ['headers', { url, headers: { a: 1 } }, 'an object of strings'],
    ['payload', { url, payload: {}, method: 'POST' }, 'Uint8Array'],
    ['payload', { url, payload: 'x' }, 'GET'],
    ['userData', { url, userData: [] }, 'an array'],
    ['userData.big', { url, userData: { big: 1n } }, '(bigint)'],
    ['maxRetries', { url, maxRetries: -1 }, '-1'],
    ['noRetry', { url, noRetry: 1 }, '1'],
    ['crawlDepth', { url, crawlDepth: 1.5 }, '1.5'],
    ['uniqueKey', { url, uniqueKey: '' }, 'non-empty'],
    ['depht', { url, depht: 1 }, 'Unknown option'],
  ])('refuses a bad %s, naming it and the value', (field, options, shown) => {
    const make = () => new Request(options as unknown as RequestOptions);
    expect(make).toThrow(OptionError);
    expect(make).toThrow(expect.objectContaining({ option: field }));
    expect(make).toThrow(shown);
  });

  it('refuses user data that contains itself', () => {
    const userData: Record<string, unknown> = {};
    userData['self'] = userData;
    expect(() => new Request({ url, userData })).toThrow(/cycles/);
  });

  it('does not show a password in its complaint', () => {
    expect(() => new Request('ftp://user:hunter2@example.com')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  it('remembers the last twenty errors, secrets hidden', () => {
    const request = new Request(url);
    for (let n = 0; n < 25; n++) request.pushErrorMessage(new TypeError(`no ${n}`));
    request.pushErrorMessage('proxy http://user:hunter2@host refused');
    request.pushErrorMessage('x'.repeat(10_000));
    expect(request.errorMessages).toHaveLength(20);
    expect(request.errorMessages[0]).toBe('TypeError: no 7');
    expect(request.errorMessages[18]).not.toContain('hunter2');
    expect(request.errorMessages[19]).toHaveLength(2_000);
  });
});

describe('a stored request', () => {
  it('is a URL and little else when everything is as by default', () => {
    expect(new Request(url).toRow().body).toBe(JSON.stringify({ url }));
  });

  it('comes back as it went', () => {
    const request = new Request({
      url,
      method: 'post',
      headers: { accept: 'text/html' },
      payload: 'q=ü',
      userData: { nested: { list: [1, 'two', null] } },
      label: 'detail',
      uniqueKey: 'mine',
      maxRetries: 0,
      noRetry: true,
      skipNavigation: true,
      keepUrlFragment: true,
      useExtendedUniqueKey: true,
      crawlDepth: 4,
    });
    request.loadedUrl = 'https://example.com/b';
    request.retryCount = 2;
    request.sessionRotationCount = 3;
    request.handledAt = '2026-01-01T00:00:00.000Z';
    request.pushErrorMessage(new Error('once'));
    const copy = roundTrip(request);
    expect(copy).toEqual(request);
    expect(copy.id).toBe(request.id);
    expect(copy.errorMessages).toEqual(request.errorMessages);
    expect(copy.toRow()).toEqual(request.toRow());
  });

  it('keeps binary payloads', () => {
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    const copy = roundTrip(new Request({ url, method: 'PUT', payload }));
    expect(Buffer.from(copy.payload as Uint8Array)).toEqual(Buffer.from(payload));
    const empty = roundTrip(new Request({ url, method: 'PUT', payload: new Uint8Array() }));
    expect(empty.payload).toHaveLength(0);
  });

  it('cannot reach a prototype', () => {
    const evil = '{"polluted":true}';
    const row = {
      id: 'x',
      uniqueKey: 'k',
      body: `{"url":"${url}","userData":{"__proto__":${evil},"a":{"__proto__":${evil}}},"headers":{"__proto__":"x","ok":"1"}}`,
    };
    const request = Request.fromRow(row);
    expect(Object.keys(request.userData)).toEqual(['a']);
    expect((request.userData['a'] as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(request.headers)).toEqual(['ok']);
    expect(() => Request.fromRow({ ...row, body: `{"url":"${url}","__proto__":${evil}}` })).toThrow(
      TroupeError,
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each(['', '{', '[]', 'null', '{}', '{"url":1}', '{"url":"nope"}', `{"url":"${url}","x":1}`])(
    'is refused as corrupt when its body is %s',
    (body) => {
      expect(() => Request.fromRow({ id: 'someId', uniqueKey: 'k', body })).toThrow(
        expect.objectContaining({
          code: 'TROUPE_CORRUPT_REQUEST',
          message: expect.stringContaining('someId'),
        }),
      );
    },
  );

  it('is refused as corrupt when its state is unusable', () => {
    const body = JSON.stringify({ url, retryCount: -1 });
    expect(() => Request.fromRow({ id: 'a', uniqueKey: 'k', body })).toThrow(/retryCount/);
  });

  it('complains clearly when the user data can no longer be saved', () => {
    const request = new Request(url);
    request.userData['self'] = request.userData;
    expect(() => request.toRow()).toThrow(OptionError);
  });
});
