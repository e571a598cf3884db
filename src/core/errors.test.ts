import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ClosedError, messageOf, OptionError, TimeoutError, TroupeError } from './errors.ts';

describe('TroupeError', () => {
  it('carries its code, its cause and the name of its class', () => {
    const cause = new Error('inner');
    const error = new OptionError('path', 'bad path', { cause });
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('OptionError');
    expect(error.code).toBe('TROUPE_INVALID_OPTION');
    expect(error.option).toBe('path');
    expect(error.cause).toBe(cause);
  });

  it('has no cause when none was given', () => {
    expect('cause' in new TroupeError('TROUPE_TEST', 'text')).toBe(false);
  });

  it('hides a password that slipped into the message or the causes, wherever people may see it', () => {
    const innermost = Object.assign(new TypeError('Invalid URL'), {
      code: 'ERR_INVALID_URL',
      input: 'http://user:hunter2@',
    });
    const inner = new Error('via http://user:hunter2@host:1', { cause: innermost });
    const error = new TroupeError('TROUPE_TEST', 'at http://user:hunter2@host:1', { cause: inner });
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    expect(error.message).toBe('at http://user:***@host:1');
    expect(error.cause).toMatchObject({ message: 'via http://user:***@host:1' });
    expect((error.cause as Error).cause).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_URL',
      message: 'Invalid URL',
    });
  });

  it('survives causes that form a cycle', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(new TroupeError('TROUPE_TEST', 'text', { cause: first }).message).toBe('text');
  });
});

describe('TimeoutError', () => {
  it('says how long was waited, in seconds', () => {
    const error = new TimeoutError('Waiting for a session', 1500);
    expect(error.message).toBe('Waiting for a session timed out after 1.5 s');
    expect([error.code, error.timeoutMs]).toEqual(['TROUPE_TIMEOUT', 1500]);
  });
});

describe('ClosedError', () => {
  it('names what is closed', () => {
    const error = new ClosedError('The pool');
    expect([error.code, error.message]).toEqual(['TROUPE_CLOSED', 'The pool is closed']);
  });
});

describe('messageOf', () => {
  it.each([
    [new Error('text'), 'text'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [Symbol('x'), 'Symbol(x)'],
    [Object.create(null), 'something that cannot be shown as text'],
    [new RangeError(), 'RangeError'],
    [Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new AggregateError([new Error('a'), new Error('b')]), 'a; b'],
  ])('makes one text of %o', (thrown, text) => {
    expect(messageOf(thrown)).toBe(text);
  });
});
