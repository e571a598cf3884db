import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OptionError } from './errors.ts';
import { Log, type LogLevel, type LogSink } from './log.ts';

interface Line {
  readonly level: string;
  readonly data: object;
  readonly message: string;
}

function recorder(): { sink: LogSink; lines: Line[] } {
  const lines: Line[] = [];
  const record =
    (level: string) =>
    (data: object, message: string): void => {
      lines.push({ level, data, message });
    };
  const sink = {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  };
  return { sink, lines };
}

describe('Log', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warning', ['warn', 'error']],
    ['error', ['error']],
    ['off', []],
  ] as [LogLevel, string[]][])('at level %s lets %j through', (level, expected) => {
    const { sink, lines } = recorder();
    const log = new Log({ sink, level });
    log.debug('x');
    log.info('x');
    log.warning('x');
    log.error('x');
    expect(lines.map((line) => line.level)).toEqual(expected);
  });

  it('changes its level while running', () => {
    const { sink, lines } = recorder();
    const log = new Log({ sink, level: 'off' });
    log.error('unseen');
    log.setLevel('debug');
    log.debug('seen');
    expect(log.level).toBe('debug');
    expect(lines.map((line) => line.message)).toEqual(['seen']);
  });

  it('takes its level from the environment when none is given, and ignores an unknown one', () => {
    vi.stubEnv('TROUPE_LOG_LEVEL', 'ERROR');
    expect(new Log().level).toBe('error');
    vi.stubEnv('TROUPE_LOG_LEVEL', 'toString');
    expect(new Log().level).toBe('info');
    expect(new Log({ level: 'debug' }).level).toBe('debug');
  });

  it('refuses a level that does not exist instead of falling silent', () => {
    expect(() => new Log({ level: 'warn' as LogLevel })).toThrow(OptionError);
    expect(() => new Log({ level: 'off' }).setLevel('loud' as LogLevel)).toThrow(
      "Expected `level` to be one of `debug`, `info`, `warning`, `error`, `off`, got `'loud'` (string)",
    );
  });

  it('refuses a sink that lacks a method', () => {
    expect(() => new Log({ sink: { info() {} } as unknown as LogSink })).toThrow(
      'Expected `sink` to be an object with the methods debug, info, warn and error, got an object (Object)',
    );
  });

  it('gives children the same sink and level under a longer prefix', () => {
    const { sink, lines } = recorder();
    const child = new Log({ sink, level: 'info', prefix: 'Crawler' }).child({ prefix: 'Pool' });
    child.debug('unseen');
    child.info('hello');
    expect(lines).toEqual([{ level: 'info', data: {}, message: 'Crawler:Pool: hello' }]);
    expect(new Log({ sink, level: 'off' }).child({ prefix: 'Pool' }).level).toBe('off');
  });

  it('hides passwords and cookies in the message, the prefix and the data', () => {
    const { sink, lines } = recorder();
    const log = new Log({ sink, level: 'info', prefix: 'http://u:hunter2@p:1' });
    log.warning('via http://user:hunter2@host:1', {
      proxy: 'socks5://user:hunter2@host:1',
      headers: { Cookie: 'sid=hunter2', 'Proxy-Authorization': 'Basic hunter2' },
    });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines[0]?.data).toEqual({
      proxy: 'socks5://user:***@host:1',
      headers: { Cookie: '***', 'Proxy-Authorization': '***' },
    });
  });

  it('leaves the data it was given as it was', () => {
    const { sink } = recorder();
    const data = { password: 'hunter2', nested: { token: 'x' } };
    new Log({ sink, level: 'info' }).info('x', data);
    expect(data).toEqual({ password: 'hunter2', nested: { token: 'x' } });
  });

  it('shows an error with its name, message, code, stack and cause', () => {
    const { sink, lines } = recorder();
    const cause = new Error('http://user:hunter2@host');
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'E_TEST' });
    new Log({ sink, level: 'info' }).exception(error, 'It failed', { attempt: 2 });
    expect(lines[0]).toMatchObject({
      level: 'error',
      message: 'It failed',
      data: {
        attempt: 2,
        error: {
          name: 'TypeError',
          message: 'outer',
          code: 'E_TEST',
          stack: expect.stringContaining('log.test.ts'),
          cause: { message: 'http://user:***@host' },
        },
      },
    });
  });

  it('shows what was thrown when it was no error', () => {
    const { sink, lines } = recorder();
    new Log({ sink, level: 'info' }).exception('http://user:hunter2@host', 'It failed');
    expect(lines[0]?.data).toEqual({ error: 'http://user:***@host' });
  });

  it('survives cycles, bigints, getters that throw and messages that are no text', () => {
    const { sink, lines } = recorder();
    const log = new Log({ sink, level: 'info' });
    const data: Record<string, unknown> = { big: 5n };
    data['self'] = data;
    log.info('x', data);
    log.info('x', {
      get broken(): string {
        throw new Error('no');
      },
    });
    log.info(new Error('an error') as unknown as string);
    expect(lines.map((line) => line.data)).toEqual([
      { big: 5n, self: '[circular]' },
      expect.anything(),
      {},
    ]);
    expect(lines[2]?.message).toBe('Error: an error');
  });

  it('does not build anything for a level that is off', () => {
    const { sink } = recorder();
    const read = vi.fn();
    new Log({ sink, level: 'info' }).debug('x', {
      get value(): unknown {
        return read();
      },
    });
    expect(read).not.toHaveBeenCalled();
  });

  it('writes plain lines to standard error by default', () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
    const log = new Log({ level: 'debug', prefix: 'Demo' });
    log.info('started');
    log.warning('slow', { url: 'http://u:p@h:1', count: 5n, password: 'x' });
    expect(written).toEqual([
      'INFO  Demo: started\n',
      'WARN  Demo: slow {"url":"http://u:***@h:1","count":"5","password":"***"}\n',
    ]);
  });

  it('writes through a pino logger as it is', () => {
    const lines: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
    const log = new Log({ sink: logger, level: 'debug', prefix: 'Pool' });
    log.debug('a', { n: 1 });
    log.warning('via http://user:hunter2@host:1', { headers: { cookie: 'sid=hunter2' } });
    log.exception(new Error('broken'), 'It failed');
    const written = lines.map((line) => JSON.parse(line));
    expect(written).toMatchObject([
      { level: 20, msg: 'Pool: a', n: 1 },
      { level: 40, msg: 'Pool: via http://user:***@host:1', headers: { cookie: '***' } },
      { level: 50, msg: 'Pool: It failed', error: { message: 'broken' } },
    ]);
    expect(lines.join('')).not.toContain('hunter2');
  });
});
