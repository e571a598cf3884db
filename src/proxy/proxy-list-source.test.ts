import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimerOptions } from '../core/clock.ts';
import { FakeClock } from '../core/fake-clock.ts';
import { Log } from '../core/log.ts';
import { type ProxyListProvider, ProxyListSource } from './proxy-list-source.ts';

/** A fake clock that remembers which timers would hold the process. */
class WatchedClock extends FakeClock {
  holdingTimersCount = 0;

  override setTimer(callback: () => void, delayMs: number, options?: TimerOptions) {
    if (!options?.isBackground) this.holdingTimersCount++;
    return super.setTimer(callback, delayMs);
  }
}

function watch(from: string | ProxyListProvider, reloadSecs = 60) {
  const clock = new WatchedClock();
  const warnings: string[] = [];
  const lists: (string | null)[][] = [];
  const log = new Log({
    level: 'warning',
    sink: { debug() {}, info() {}, error() {}, warn: (_data, message) => warnings.push(message) },
  });
  const source = new ProxyListSource({
    from,
    reloadSecs,
    countryCode: undefined,
    clock,
    log,
    onList: (list) => lists.push(list.map((info) => info?.hostname ?? null)),
  });
  return { source, clock, warnings, lists };
}

describe('ProxyListSource on a file', () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'troupe-proxies-'));
    file = join(directory, 'proxies.txt');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('reads it at the start and again only when it has changed', async () => {
    await writeFile(file, 'one:1\ndirect\n');
    const { source, lists } = watch(file);
    await source.start();
    await source.reload();
    expect(lists).toEqual([['one', null]]);
    await writeFile(file, 'one:1\ntwo:1\n');
    await source.reload();
    expect(lists).toEqual([
      ['one', null],
      ['one', 'two'],
    ]);
    source.close();
  });

  it('says which file cannot be read, is empty, or is wrong on which line', async () => {
    await expect(watch(file).source.start()).rejects.toMatchObject({
      code: 'TROUPE_PROXY_LIST',
      message: expect.stringContaining(`Proxy list of ${file}: it cannot be read: ENOENT`),
    });
    await writeFile(file, '# nothing\n\n');
    await expect(watch(file).source.start()).rejects.toMatchObject({
      code: 'TROUPE_PROXY_LIST',
      message: `Proxy list of ${file}: it is empty`,
    });
    await writeFile(file, 'one:1\nhttp://u:hunter2@two:0');
    await expect(watch(file).source.start()).rejects.toMatchObject({
      code: 'TROUPE_INVALID_PROXY',
      message: expect.stringContaining(`line 2 of ${file}, \`http://u:***@two:0\``),
    });
  });

  it('keeps the last good list when the file breaks or goes, warns once, and recovers', async () => {
    await writeFile(file, 'one:1');
    const { source, lists, warnings } = watch(file);
    await source.start();
    await writeFile(file, 'http://u:hunter2@two:0');
    await source.reload();
    await source.reload();
    expect(lists).toEqual([['one']]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('Proxies could not be reloaded; the last good list stays.');
    expect(warnings[0]).not.toContain('hunter2');
    await rm(file);
    await source.reload();
    expect(warnings).toHaveLength(2);
    await writeFile(file, 'three:1');
    await source.reload();
    expect(lists).toEqual([['one'], ['three']]);
    source.close();
  });
});

describe('ProxyListSource on a provider', () => {
  it('asks it every `reloadSecs`, on a timer that does not hold the process', async () => {
    let callsCount = 0;
    const { source, clock, lists } = watch(async () => [`host${++callsCount}:1`], 5);
    await source.start();
    expect(lists).toEqual([['host1']]);
    await clock.advance(4999);
    expect(callsCount).toBe(1);
    await clock.advance(1);
    await clock.advance(5000);
    expect(lists).toEqual([['host1'], ['host2'], ['host3']]);
    expect(clock.holdingTimersCount).toBe(0);
    source.close();
    await clock.advance(60_000);
    expect(callsCount).toBe(3);
    expect(clock.pendingTimersCount).toBe(0);
  });

  it.each([0, Number.POSITIVE_INFINITY])(
    'never asks again when `reloadSecs` is %d',
    async (reloadSecs) => {
      const { source, clock } = watch(() => ['one:1'], reloadSecs);
      await source.start();
      expect(clock.pendingTimersCount).toBe(0);
    },
  );

  it('takes a text as a list file', async () => {
    const { source, lists } = watch(() => 'one:1\n# no\ntwo:1:user:pass');
    await source.start();
    expect(lists).toEqual([['one', 'two']]);
    source.close();
  });

  it('shares one call between concurrent reloads and between concurrent starts', async () => {
    let callsCount = 0;
    const { source } = watch(async () => [`host${++callsCount}:1`]);
    await Promise.all([source.start(), source.start()]);
    expect(callsCount).toBe(1);
    await Promise.all([source.reload(), source.reload(), source.reload()]);
    expect(callsCount).toBe(2);
    source.close();
  });

  it('starts anew after a start that failed', async () => {
    let callsCount = 0;
    const { source, lists } = watch(() => {
      if (++callsCount === 1) throw new Error('down');
      return ['one:1'];
    });
    await expect(source.start()).rejects.toThrow('Proxy list of the provider: it failed: down');
    await source.start();
    expect(lists).toEqual([['one']]);
    source.close();
  });

  it('goes on after a failure', async () => {
    let callsCount = 0;
    const { source, clock, lists, warnings } = watch(() => {
      callsCount++;
      if (callsCount === 2) throw new Error('down: http://u:hunter2@api');
      return [`host${callsCount}:1`];
    }, 5);
    await source.start();
    await clock.advance(10_000);
    expect(lists).toEqual([['host1'], ['host3']]);
    expect(warnings.join()).not.toContain('hunter2');
    expect(warnings).toHaveLength(1);
    source.close();
  });

  it.each([
    [undefined, 'it gave undefined, not a text or an array'],
    [null, 'it gave null, not a text or an array'],
    [{}, 'it gave object, not a text or an array'],
    [[], 'it is empty'],
    ['', 'it is empty'],
  ])('refuses %j from it', async (answer, problem) => {
    const { source } = watch(() => answer as string);
    await expect(source.start()).rejects.toThrow(`Proxy list of the provider: ${problem}`);
  });

  it('aborts the signal at close and drops what comes later', async () => {
    let aborted: AbortSignal | undefined;
    let answer: (list: string[]) => void = () => {};
    const { source, lists } = watch(({ signal }) => {
      aborted = signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const starting = source.start();
    source.close();
    expect(aborted?.aborted).toBe(true);
    answer(['one:1']);
    await starting;
    await source.reload();
    expect(lists).toEqual([]);
  });
});
