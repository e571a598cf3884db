import { describe, expect, it } from 'vitest';
import { Log } from '../../core/log.ts';
import { checkServer } from './server-check.ts';

const ADDRESS = 'redis://redis.example';

describe('checking a server', () => {
  const warnings: string[] = [];
  const note = (): void => {};
  const sink = {
    debug: note,
    info: note,
    error: note,
    warn: (_data: object, text: string) => void warnings.push(text),
  };
  const log = new Log({ sink });
  const check = (info: string): void => checkServer(info, ADDRESS, log);

  it.each(['5.0.14', '6.0.20'])('refuses Redis %s, and says what is needed', (version) => {
    expect(() => check(`# Server\r\nredis_version:${version}\r\nos:Linux`)).toThrow(
      expect.objectContaining({
        code: 'TROUPE_STORAGE_TOO_OLD',
        path: ADDRESS,
        message: `${ADDRESS} runs Redis ${version}; RedisStorage needs Redis 6.2 or later, or Valkey`,
      }),
    );
  });

  it.each(['6.2.0', '7.0.15', '8.0.0', '10.1.0'])('accepts Redis %s', (version) => {
    expect(() => check(`redis_version:${version}\r\n`)).not.toThrow();
  });

  it('accepts a server that does not say', () => {
    expect(() => check('')).not.toThrow();
  });

  it('warns of a server that throws keys away when it is full', () => {
    warnings.length = 0;
    check('redis_version:7.0.0\r\nmaxmemory_policy:noeviction\r\n');
    expect(warnings).toEqual([]);
    check('redis_version:7.0.0\r\nmaxmemory_policy:allkeys-lru\r\n');
    expect(warnings).toEqual([expect.stringContaining('noeviction')]);
  });
});
