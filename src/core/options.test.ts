import { describe, expect, it } from 'vitest';
import { OptionError } from './errors.ts';
import * as o from './options.ts';

const schema = o.optionsObject({
  path: o.optional(o.text()),
  prefix: o.optional(o.string()),
  maxPoolSize: o.optional(o.integer({ min: 1 })),
  port: o.optional(o.integer({ min: 1, max: 65535 })),
  ratio: o.optional(o.number({ max: 1 })),
  isEager: o.optional(o.flag()),
  selection: o.optional(o.oneOf(['random', 'round-robin'])),
  onDone: o.optional(o.callback()),
  store: o.optional(o.objectWith<{ get(): void }>('a store', ['get'])),
  sessionOptions: o.optional(o.optionsObject({ maxAgeSecs: o.optional(o.number({ min: 0 })) })),
  rules: o.optional(
    o.listOf(o.optionsObject({ title: o.optional(o.text()) }), 'an array of rules'),
  ),
  userData: o.optional(o.plainObject()),
  proxyUrls: o.optional(o.listOf(o.text(), 'an array of proxy URLs')),
  password: o.optional(o.callback()),
});

function failureOf(input: unknown): OptionError {
  try {
    o.parseOptions(schema, input, 'SessionPool options');
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseOptions', () => {
  it('gives valid options back', () => {
    const options = { path: '/tmp', maxPoolSize: 5, sessionOptions: { maxAgeSecs: 0 } };
    expect(o.parseOptions(schema, options, 'options')).toEqual(options);
  });

  it.each([
    [{ maxPoolSize: 0 }, 'Expected `maxPoolSize` to be an integer ≥ 1, got `0` (number)'],
    [{ maxPoolSize: 1.5 }, 'Expected `maxPoolSize` to be an integer ≥ 1, got `1.5` (number)'],
    [
      { maxPoolSize: Number.NaN },
      'Expected `maxPoolSize` to be an integer ≥ 1, got `NaN` (number)',
    ],
    [{ maxPoolSize: '5' }, "Expected `maxPoolSize` to be an integer ≥ 1, got `'5'` (string)"],
    [{ maxPoolSize: 5n }, 'Expected `maxPoolSize` to be an integer ≥ 1, got `5` (bigint)'],
    [{ maxPoolSize: null }, 'Expected `maxPoolSize` to be an integer ≥ 1, got `null`'],
    [{ port: 70000 }, 'Expected `port` to be an integer from 1 to 65535, got `70000` (number)'],
    [
      { port: Number.POSITIVE_INFINITY },
      'Expected `port` to be an integer from 1 to 65535, got `Infinity` (number)',
    ],
    [{ ratio: 2 }, 'Expected `ratio` to be a number ≤ 1, got `2` (number)'],
    [{ path: '' }, "Expected `path` to be a non-empty string, got `''` (string)"],
    [{ isEager: 'yes' }, "Expected `isEager` to be true or false, got `'yes'` (string)"],
    [
      { selection: 'best' },
      "Expected `selection` to be one of `random`, `round-robin`, got `'best'` (string)",
    ],
    [{ onDone: 1 }, 'Expected `onDone` to be a function, got `1` (number)'],
    [{ path: () => {} }, 'Expected `path` to be a non-empty string, got a function'],
    [{ store: { set() {} } }, 'Expected `store` to be a store, got an object (Object)'],
    [{ store: null }, 'Expected `store` to be a store, got `null`'],
    [{ path: [1, 2] }, 'Expected `path` to be a non-empty string, got an array of 2'],
    [{ userData: [] }, 'Expected `userData` to be an object, got an array of 0'],
    [{ path: new Map() }, 'Expected `path` to be a non-empty string, got an object (Map)'],
    [
      { sessionOptions: { maxAgeSecs: -1 } },
      'Expected `sessionOptions.maxAgeSecs` to be a number ≥ 0, got `-1` (number)',
    ],
    [{ rules: 'x' }, "Expected `rules` to be an array of rules, got `'x'` (string)"],
    [
      { rules: [{}, { title: 7 }] },
      'Expected `rules[1].title` to be a non-empty string, got `7` (number)',
    ],
    [null, 'Expected `SessionPool options` to be an object, got `null`'],
    [[], 'Expected `SessionPool options` to be an object, got an array of 0'],
  ])('refuses %o with a message that says what was expected and what came', (input, message) => {
    expect(failureOf(input).message).toBe(message);
  });

  it('names the option in a field of the error', () => {
    const error = failureOf({ sessionOptions: { maxAgeSecs: -1 } });
    expect(error.option).toBe('sessionOptions.maxAgeSecs');
    expect(error.code).toBe('TROUPE_INVALID_OPTION');
  });

  it.each([
    [
      { maxPoolsize: 5 },
      'Unknown option `maxPoolsize` in SessionPool options; did you mean `maxPoolSize`?',
    ],
    [
      { selecton: 'random' },
      'Unknown option `selecton` in SessionPool options; did you mean `selection`?',
    ],
    [
      { sessionOptions: { maxAge: 5, maxAgeSec: 5 } },
      'Unknown option `sessionOptions.maxAge` in SessionPool options; did you mean `maxAgeSecs`?',
    ],
    [
      { rules: [{ titel: 'x' }] },
      'Unknown option `rules[0].titel` in SessionPool options; did you mean `title`?',
    ],
    [{ n: 1 }, 'Unknown option `n` in SessionPool options'],
    [{ colour: 1 }, 'Unknown option `colour` in SessionPool options'],
    [{ toString: 1 }, 'Unknown option `toString` in SessionPool options'],
  ])('refuses the unknown option of %o and offers the closest known one', (input, message) => {
    expect(failureOf(input).message).toBe(message);
  });

  it('refuses a prototype that came as an own key', () => {
    const error = failureOf(JSON.parse('{"__proto__": {"isEager": true}}'));
    expect(error.message).toBe('Unknown option `__proto__` in SessionPool options');
  });

  it('says what a missing option should be', () => {
    const strict = o.optionsObject({ size: o.integer({ min: 1 }), nested: o.optional(o.flag()) });
    expect(() => o.parseOptions(strict, {}, 'Test options')).toThrow(
      'Expected `size` to be an integer ≥ 1, got `undefined`',
    );
  });

  it('takes `undefined` for an option that was not given', () => {
    expect(o.parseOptions(schema, { path: undefined }, 'options')).toEqual({ path: undefined });
  });

  it('takes Infinity for an integer without a maximum', () => {
    const options = { maxPoolSize: Number.POSITIVE_INFINITY };
    expect(o.parseOptions(schema, options, 'options')).toEqual(options);
  });

  it('never shows what stands under a name that holds secrets', () => {
    expect(failureOf({ proxyUrls: 'host:8000:user:hunter2' }).message).toBe(
      'Expected `proxyUrls` to be an array of proxy URLs, got a string',
    );
    expect(failureOf({ password: 'hunter2' }).message).toBe(
      'Expected `password` to be a function, got a string',
    );
    expect(failureOf({ maxPoolSize: 'http://user:hunter2@host' }).message).not.toContain('hunter2');
  });

  it('cuts a long text', () => {
    expect(failureOf({ maxPoolSize: 'x'.repeat(5000) }).message.length).toBeLessThan(200);
  });
});
