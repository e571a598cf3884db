import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactCause, redactData, redactText } from './redact.ts';

/** Cannot be part of any text around it, so finding it means a leak. */
const MARK = 'hUnTeR';

/** Passwords that hold the mark somewhere among arbitrary characters. */
const passwords = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 6 }), fc.string({ maxLength: 6 }))
  .map(([before, after]) => `${before.replace(/\p{Surrogate}/gu, '?')}${MARK}${after}`);

const surroundings = fc.constantFrom('', 'via ', 'tried "', '(', 'a@b c://d:80/@e ', '\n\t', 'x=');

describe('redactText', () => {
  it('never lets an encoded password in a URL through, whatever it is and whatever stands around', () => {
    fc.assert(
      fc.property(passwords, surroundings, surroundings, (password, before, after) => {
        const url = `http://user:${encodeURIComponent(password)}@host:8000`;
        expect(redactText(`${before}${url}${after}`)).not.toContain(MARK);
      }),
      { numRuns: 500 },
    );
  });

  it('never lets a raw password through either, unless white space or the shape of a port splits it', () => {
    fc.assert(
      fc.property(passwords, surroundings, surroundings, (password, before, after) => {
        fc.pre(!/\s/.test(password) && !/^\d{1,5}[/?#"'<>]/.test(password));
        const text = `${before}http://user:${password}@host:8000${after}`;
        expect(redactText(text)).not.toContain(MARK);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['http://user:p@ss#word@host:80', 'http://user:***@host:80'],
    ['http://user:p/a?s"s@host:80/', 'http://user:***@host:80/'],
    ['http://me@corp.com:pass@host', 'http://me@corp.com:***@host'],
    ['http://:pass@host', 'http://:***@host'],
    ['SOCKS5://User:Pass@[::1]:1080', 'SOCKS5://User:***@[::1]:1080'],
    ['http://user:12345@host', 'http://user:***@host'],
    ['user:pass@host:8000', 'user:***@host:8000'],
    ['("user:p@ss@host:8000")', '("user:***@host:8000")'],
    ['one http://a:b@c two http://d:e@f', 'one http://a:***@c two http://d:***@f'],
    ['"http://h:80/","http://a:b@c"', '"http://h:80/","http://a:***@c"'],
  ])('hides the password of %s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'http://host:8000/@user',
    'https://medium.com/@user/post',
    'http://user@host:80',
    'mail me@host.com about http://host:80/path',
    'at file:///srv/node_modules/.pnpm/pkg@1.2.3/index.js:10:5',
    'cookies: 3 stored',
  ])('leaves %s as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each([
    ['Cookie: a=1; b="2"', 'Cookie: ***'],
    ['Cookie: "a"=1, b=2', 'Cookie: ***'],
    ['set-cookie: sid=1; Path=/\r\nserver: x', 'set-cookie: ***\r\nserver: x'],
    ['Authorization: Bearer abc.def', 'Authorization: ***'],
    ['{"cookie":"a=\\"1\\"; b=2","n":1}', '{"cookie":"***","n":1}'],
    ["{ cookie: 'a=1', n: 1 }", "{ cookie: '***', n: 1 }"],
    ['{"set-cookie":["a=1","b=2"]}', '{"set-cookie":***'],
    ["'proxy-authorization': 'Basic abc'", "'proxy-authorization': '***'"],
    ['cookie: "never closed', 'cookie: ***'],
  ])('hides the header in %s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it('hides headers as `util.inspect` shows them, over several lines', () => {
    const cookies = Array.from({ length: 10 }, (_, index) => `name${index}=${MARK}; Path=/`);
    const shown = inspect({ headers: { 'set-cookie': cookies, cookie: `it's ${MARK}` } });
    expect(shown).toContain(MARK);
    expect(redactText(shown)).not.toContain(MARK);
  });

  it('takes linear time on texts made to be slow', () => {
    const texts = [
      `${'a.'.repeat(50_000)}@`,
      `${'a://b:'.repeat(20_000)} @`,
      `${'a:b@'.repeat(30_000)}`,
      `@${'cookie:"'.repeat(20_000)}`,
      `@${'cookie=\n'.repeat(20_000)}`,
    ];
    const start = performance.now();
    for (const text of texts) redactText(text);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('redactData', () => {
  it('hides values under names of secrets at any depth', () => {
    expect(
      redactData({
        password: 'x',
        proxyPassword: 5,
        nested: [{ 'Set-Cookie': ['a', 'b'], apiKey: 'x', api_key: 'x', accessToken: 'x' }],
        auth: 'x',
      }),
    ).toEqual({
      password: '***',
      proxyPassword: '***',
      nested: [{ 'Set-Cookie': '***', apiKey: '***', api_key: '***', accessToken: '***' }],
      auth: '***',
    });
  });

  it('keeps flags and absent values under such names', () => {
    const data = { persistCookies: true, password: undefined, token: null };
    expect(redactData(data)).toEqual(data);
  });

  it('hides values in flat and in paired header lists', () => {
    expect(
      redactData({
        rawHeaders: ['Host', 'a', 'Cookie', 'sid=1', 'Accept', '*'],
        pairs: [
          ['cookie', 'sid=1'],
          ['accept', '*'],
        ],
      }),
    ).toEqual({
      rawHeaders: ['Host', 'a', 'Cookie', '***', 'Accept', '*'],
      pairs: [
        ['cookie', '***'],
        ['accept', '*'],
      ],
    });
  });

  it('hides passwords in keys, maps, sets and URL objects', () => {
    const url = 'http://user:hunter2@host:1';
    const copy = redactData({
      counts: { [url]: 1 },
      map: new Map([
        [url, url],
        ['token', 'hunter2'],
      ]),
      set: new Set([url]),
      url: new URL(url),
    });
    expect(copy).toEqual({
      counts: { 'http://user:***@host:1': 1 },
      map: { 'http://user:***@host:1': 'http://user:***@host:1', token: '***' },
      set: ['http://user:***@host:1'],
      url: 'http://user:***@host:1/',
    });
  });

  it('shows the errors inside an aggregate, and bytes as their length', () => {
    const error = new AggregateError([new Error('http://u:p@h'), new Error('b')], '');
    expect(redactData({ error, body: Buffer.from('secret') })).toMatchObject({
      error: { name: 'AggregateError', errors: [{ message: 'http://u:***@h' }, { message: 'b' }] },
      body: '[6 bytes]',
    });
  });

  it('cuts cycles, but shows twice what stands twice', () => {
    const shared = { n: 1 };
    const data: Record<string, unknown> = { a: shared, b: [shared] };
    data['self'] = { data };
    expect(redactData(data)).toEqual({ a: { n: 1 }, b: [{ n: 1 }], self: { data: '[circular]' } });
  });

  it('is done soon with objects that all hold each other', () => {
    const nodes: Record<string, unknown>[] = Array.from({ length: 30 }, () => ({}));
    for (const node of nodes) {
      for (const [index, other] of nodes.entries()) node[`n${index}`] = other;
    }
    expect(JSON.stringify(redactData(nodes)).length).toBeLessThan(5_000_000);
  });

  it('cuts what is too deep', () => {
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 50; depth++) deep = { deep };
    expect(JSON.stringify(redactData(deep))).toContain('[…]');
  });

  it('does not reach a prototype through its keys', () => {
    const copy = redactData(JSON.parse('{"__proto__": {"isAdmin": true}}'));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect((copy as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('never throws', () => {
    const broken = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(redactData({ broken, n: 1 })).toEqual({ broken: '[unreadable]', n: 1 });
  });
});

describe('redactCause', () => {
  it('gives an error that tells no secret back as it is', () => {
    const error = new Error('plain', { cause: new Error('inner') });
    expect(redactCause(error)).toBe(error);
    expect(redactCause(undefined)).toBeUndefined();
  });

  it('hides secrets of errors in their messages, stacks, fields and causes', () => {
    const url = 'http://user:hunter2@host:1';
    const errors = [
      new Error(url),
      Object.assign(new Error('plain'), { input: url }),
      new Error('outer', { cause: new Error(url) }),
      new Error('outer', { cause: url }),
      Object.assign(new Error(url), { message: 'changed later' }),
    ];
    for (const error of errors) {
      expect(inspect(redactCause(error), { depth: 10 })).not.toContain('hunter2');
    }
  });

  it('keeps name, code and stack of an error it had to copy', () => {
    const error = Object.assign(new RangeError('http://u:hunter2@h'), { code: 'E_TEST' });
    const safe = redactCause(error) as Error;
    expect(safe).toMatchObject({ name: 'RangeError', code: 'E_TEST', message: 'http://u:***@h' });
    expect(safe.stack).toContain('redact.test.ts');
  });
});
