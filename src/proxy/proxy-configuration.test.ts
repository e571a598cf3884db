import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../core/errors.ts';
import { FakeClock } from '../core/fake-clock.ts';
import { Log } from '../core/log.ts';
import { SeededRandom } from '../core/random.ts';
import { ProxyConfiguration } from './proxy-configuration.ts';
import type { ProxyInfo } from './proxy-info.ts';
import type { ProxyConfigurationOptions } from './proxy-options.ts';

const quiet = new Log({ level: 'off' });

function urls(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `http://user${index}:pass@host${index}:8000`);
}

function configure(options: ProxyConfigurationOptions): ProxyConfiguration {
  return new ProxyConfiguration({ log: quiet, random: new SeededRandom(1), ...options });
}

async function urlsOf(
  configuration: ProxyConfiguration,
  ids: readonly string[],
): Promise<(string | null)[]> {
  return Promise.all(ids.map((id) => configuration.newUrl(id)));
}

function countBy(values: readonly (string | null | undefined)[]): number[] {
  const counts = new Map<string | null | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

const ids = Array.from({ length: 1000 }, (_, index) => `session_${index}`);

describe('ProxyConfiguration with a list', () => {
  it('takes turns without a session, direct connections too', async () => {
    const proxies = configure({ proxyUrls: ['a:1', null, 'b:1'] });
    const given = [];
    for (let index = 0; index < 4; index++) given.push(await proxies.newUrl());
    expect(given).toEqual(['http://a:1', null, 'http://b:1', 'http://a:1']);
  });

  it('takes proxies apart and names the session', async () => {
    const proxies = configure({ proxyUrls: ['https://user:p%40ss@a'] });
    const info = {
      url: 'https://user:p%40ss@a:443',
      protocol: 'https',
      hostname: 'a',
      port: 443,
      username: 'user',
      password: 'p@ss',
    };
    expect(await proxies.newProxyInfo()).toEqual(info);
    expect(await proxies.newProxyInfo('s1')).toEqual({ ...info, sessionId: 's1' });
    expect(await configure({ proxyUrls: [null] }).newProxyInfo('s1')).toBeNull();
    expect(proxies.proxies).toEqual([info]);
  });

  it('gives an unbound session the same proxy always: after a restart, in any order, storing nothing', async () => {
    const list = [...urls(20), null];
    const first = configure({ proxyUrls: list });
    const given = await urlsOf(first, ids);
    expect(await urlsOf(first, ids)).toEqual(given);
    expect(await urlsOf(configure({ proxyUrls: list.toReversed() }), ids)).toEqual(given);
    expect(first.bindingsCount).toBe(0);
    expect(new Set(given).size).toBe(21);
  });

  it('binds evenly', () => {
    const proxies = configure({ proxyUrls: urls(7) });
    const bound = ids.map((id) => (proxies.bind(id) as ProxyInfo).url);
    const counts = countBy(bound);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('fills the gaps that released sessions leave', () => {
    const proxies = configure({ proxyUrls: urls(4) });
    for (let index = 0; index < 40; index++) proxies.bind(`s${index}`);
    const first = (proxies.bind('s0') as ProxyInfo).url;
    for (let index = 0; index < 40; index += 4) proxies.release(`s${index}`);
    for (let index = 0; index < 10; index++) {
      expect((proxies.bind(`new${index}`) as ProxyInfo).url).toBe(first);
    }
  });

  it('gives a bound session its proxy from every method, however often it is bound', async () => {
    const proxies = configure({ proxyUrls: urls(5) });
    for (const id of ids) {
      const bound = proxies.bind(id) as ProxyInfo;
      expect(bound.sessionId).toBe(id);
      expect(proxies.bind(id)).toEqual(bound);
      expect(await proxies.newProxyInfo(id)).toEqual(bound);
      expect(await proxies.newUrl(id)).toBe(bound.url);
    }
  });

  it('avoids a proxy when there is another', () => {
    const proxies = configure({ proxyUrls: urls(3) });
    for (let index = 0; index < 100; index++) {
      const avoid = urls(3)[index % 3] as string;
      expect((proxies.bind(`s${index}`, { avoid }) as ProxyInfo).url).not.toBe(avoid);
    }
    const alone = configure({ proxyUrls: urls(1) });
    const [avoid] = urls(1) as [string];
    expect((alone.bind('s', { avoid }) as ProxyInfo).url).toBe(avoid);
  });

  it('gives the proxy that is preferred however many sessions it has, and not while it rests', () => {
    const proxies = configure({ proxyUrls: urls(3) });
    const prefer = urls(3)[2] as string;
    const bound = ids.slice(0, 6).map((id) => (proxies.bind(id, { prefer }) as ProxyInfo).url);
    const preferred = bound[0] as string;
    expect(preferred).toContain(new URL(prefer).host);
    expect(bound).toEqual(Array(6).fill(preferred));
    proxies.report(preferred, 'failed');
    expect((proxies.bind('next', { prefer: preferred }) as ProxyInfo).url).not.toBe(preferred);
    expect((proxies.bind('last', { prefer: 'http://gone:1' }) as ProxyInfo).url).not.toBe(
      preferred,
    );
  });

  it('moves a bound session off the proxy to avoid, and counts it there no more', async () => {
    const proxies = configure({ proxyUrls: urls(2) });
    const before = proxies.bind('s') as ProxyInfo;
    const after = proxies.bind('s', { avoid: before.url }) as ProxyInfo;
    expect(after.url).not.toBe(before.url);
    expect(await proxies.newUrl('s')).toBe(after.url);
    expect((proxies.bind('next') as ProxyInfo).url).toBe(before.url);
    expect(proxies.bindingsCount).toBe(2);
  });

  it('takes a restored binding over, for evenness too', async () => {
    const before = configure({ proxyUrls: urls(3) });
    const bound = ids.slice(0, 9).map((id) => [id, before.bind(id)] as const);
    const after = configure({ proxyUrls: urls(3).toReversed() });
    for (const [id, info] of bound) after.restore(id, info as ProxyInfo);
    for (const [id, info] of bound) expect(await after.newProxyInfo(id)).toEqual(info);
    const added = ['x', 'y', 'z'].map((id) => (after.bind(id) as ProxyInfo).url);
    expect(new Set(added).size).toBe(3);
  });

  it('keeps a restored proxy that is not in the list, and a direct connection', async () => {
    const gone = await configure({ proxyUrls: ['http://u:p@gone:1'] }).newProxyInfo('s');
    const proxies = configure({ proxyUrls: urls(2) });
    proxies.restore('s', gone);
    proxies.restore('other', { ...(gone as ProxyInfo), sessionId: 'other' });
    proxies.restore('direct', null);
    expect(await proxies.newProxyInfo('s')).toEqual(gone);
    expect(await proxies.newProxyInfo('other')).toMatchObject({ sessionId: 'other' });
    expect(await proxies.newUrl('direct')).toBeNull();
    expect(proxies.bind('direct')).toBeNull();
    expect(proxies.proxies).toHaveLength(2);
  });

  it('binds new sessions elsewhere while a proxy rests, and leaves the bound ones', async () => {
    const clock = new FakeClock();
    const proxies = configure({ proxyUrls: urls(2), clock });
    const bad = proxies.bind('s') as ProxyInfo;
    proxies.report(bad.url, 'failed');
    proxies.report('http://unknown:1', 'failed');
    for (const id of ids.slice(0, 5)) {
      expect((proxies.bind(id) as ProxyInfo).url).not.toBe(bad.url);
    }
    expect(await proxies.newUrl('s')).toBe(bad.url);
    await clock.advance(10_000);
    expect((proxies.bind('later') as ProxyInfo).url).toBe(bad.url);
  });

  it('remembers no more sessions than `maxBindings`, the most recently used ones', async () => {
    const proxies = configure({ proxyUrls: urls(10), maxBindings: 100 });
    const kept = proxies.bind('kept') as ProxyInfo;
    for (const id of ids) {
      proxies.bind(id);
      expect(await proxies.newUrl('kept')).toBe(kept.url);
    }
    expect(proxies.bindingsCount).toBe(100);
    for (const id of ['kept', ...ids]) proxies.release(id);
    expect(proxies.bindingsCount).toBe(0);
    const counts = countBy(ids.slice(0, 50).map((id) => (proxies.bind(id) as ProxyInfo).url));
    expect(counts).toEqual(new Array(10).fill(5));
  });

  it('forgets released sessions; releasing an unknown one is nothing', () => {
    const proxies = configure({ proxyUrls: urls(2) });
    proxies.bind('s');
    proxies.release('s');
    proxies.release('s');
    proxies.release('unknown');
    expect(proxies.bindingsCount).toBe(0);
    const counts = countBy(['a', 'b'].map((id) => (proxies.bind(id) as ProxyInfo).url));
    expect(counts).toEqual([1, 1]);
  });

  it.each(['', 5, null, {}])('refuses the session id %j', async (id) => {
    const proxies = configure({ proxyUrls: urls(2) });
    await expect(proxies.newUrl(id as string)).rejects.toThrow(
      'Expected `sessionId` to be a non-empty string',
    );
    expect(() => proxies.bind(id as string)).toThrow(OptionError);
  });

  it('takes ids that are names of object members', async () => {
    const proxies = configure({ proxyUrls: urls(2) });
    const bound = proxies.bind('__proto__') as ProxyInfo;
    expect(await proxies.newUrl('__proto__')).toBe(bound.url);
    expect(await proxies.newUrl('constructor')).toMatch(/^http:/);
  });
});

describe('ProxyConfiguration with username templates', () => {
  const template = 'http://user-{country}-{session}:pass@gate:7000';

  it('gives every session a username of its own, the same always', async () => {
    const proxies = configure({ proxyUrls: [template], countryCode: 'de' });
    expect(await proxies.newProxyInfo('abc')).toMatchObject({
      url: 'http://user-de-abc:pass@gate:7000',
      username: 'user-de-abc',
      countryCode: 'de',
      sessionId: 'abc',
    });
    expect(proxies.bind('abc')).toEqual(await proxies.newProxyInfo('abc'));
  });

  it('gives every call without a session a fresh one', async () => {
    const proxies = configure({ proxyUrls: [template], countryCode: 'de' });
    const [first, second] = [await proxies.newUrl(), await proxies.newUrl()];
    expect(first).toMatch(/^http:\/\/user-de-[A-Za-z0-9]{10}:pass@gate:7000$/);
    expect(second).not.toBe(first);
  });

  it('counts restored sessions for the template they came from', () => {
    const list = ['http://a-{session}:p@gate:1', 'http://b-{session}:p@gate:1'];
    const before = configure({ proxyUrls: list });
    const bound = ids.slice(0, 3).map((id) => [id, before.bind(id)] as const);
    const after = configure({ proxyUrls: list });
    for (const [id, info] of bound) after.restore(id, info as ProxyInfo);
    for (const [id, info] of bound) expect(after.bind(id)).toEqual(info);
    expect((after.bind('next') as ProxyInfo).username).toBe('b-next');
  });

  it('avoids the template that a session got its proxy from', () => {
    const list = ['http://a-{session}:p@gate:1', 'http://b-{session}:p@gate:1'];
    const proxies = configure({ proxyUrls: list });
    const { url } = proxies.bind('s') as ProxyInfo;
    expect(url).toBe('http://a-s:p@gate:1');
    expect((proxies.bind('s', { avoid: url }) as ProxyInfo).url).toBe('http://b-s:p@gate:1');
  });

  it('refuses a template without a country code', () => {
    expect(() => configure({ proxyUrls: [template] })).toThrow(
      'Invalid proxy at `proxyUrls[0]`, `http://user-{country}-{session}:***@gate:7000`: it holds `{country}`, so the option `countryCode` is needed',
    );
  });
});

describe('ProxyConfiguration with a list that is reloaded', () => {
  it('loads a file, and loads it again when it has changed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'troupe-proxies-'));
    const proxyListFile = join(directory, 'proxies.txt');
    await writeFile(proxyListFile, 'a:1\nb:1\n');
    await using proxies = await ProxyConfiguration.create({ proxyListFile, log: quiet });
    expect(await proxies.newUrl()).toBe('http://a:1');
    await writeFile(proxyListFile, 'c:1\n');
    await proxies.reload();
    expect(await proxies.newUrl()).toBe('http://c:1');
    await rm(directory, { recursive: true });
  });

  it('leaves bound sessions where they are and moves only the unbound ones of proxies that went', async () => {
    const clock = new FakeClock();
    let list = urls(10);
    await using proxies = await ProxyConfiguration.create({
      proxyListProvider: async () => list,
      reloadSecs: 30,
      clock,
      log: quiet,
    });
    const bound = ids.slice(0, 100).map((id) => [id, proxies.bind(id)] as const);
    const unbound = ids.slice(100);
    const before = await urlsOf(proxies, unbound);
    const gone = list[3];
    list = list.filter((url) => url !== gone);
    await clock.advance(30_000);
    expect(proxies.proxies).toHaveLength(9);
    for (const [id, info] of bound) expect(await proxies.newProxyInfo(id)).toEqual(info);
    const after = await urlsOf(proxies, unbound);
    for (const [index, url] of before.entries()) {
      if (url === gone) expect(after[index]).not.toBe(gone);
      else expect(after[index]).toBe(url);
    }
    expect(before).toContain(gone);
    const added = ids.slice(0, 90).map((id) => (proxies.bind(`new_${id}`) as ProxyInfo).url);
    expect(added).not.toContain(gone);
  });

  it('tells of changes in numbers', async () => {
    const lines: string[] = [];
    const sink = {
      debug() {},
      warn() {},
      error() {},
      info: (_: object, text: string) => lines.push(text),
    };
    const lists = [
      ['a:1', 'b:1'],
      ['b:1', 'c:1', 'd:1'],
      ['b:1', 'c:1', 'd:1'],
    ];
    await using proxies = await ProxyConfiguration.create({
      proxyListProvider: () => lists.shift() as string[],
      log: new Log({ level: 'info', sink }),
    });
    await proxies.reload();
    await proxies.reload();
    expect(lines).toEqual(['Proxies reloaded: 2 new, 1 gone, 3 in all']);
  });

  it('rejects in `create` when the first list cannot be had', async () => {
    const failing = ProxyConfiguration.create({
      proxyListFile: '/nowhere/proxies.txt',
      log: quiet,
    });
    await expect(failing).rejects.toMatchObject({ code: 'TROUPE_PROXY_LIST' });
  });

  it('loads at first use when it was made without `create`, and only once', async () => {
    let callsCount = 0;
    await using proxies = configure({
      proxyListProvider: async () => {
        callsCount++;
        return urls(3);
      },
    });
    expect(callsCount).toBe(0);
    const [url, bound, again] = await Promise.all([
      proxies.newUrl('s'),
      proxies.bind('t'),
      proxies.bind('t'),
    ]);
    expect(url).toMatch(/^http:/);
    expect(again).toEqual(bound);
    expect(callsCount).toBe(1);
  });

  it('also makes configurations that load nothing', async () => {
    const proxies = await ProxyConfiguration.create({ proxyUrls: ['a:1'], log: quiet });
    await proxies.reload();
    expect(await proxies.newUrl()).toBe('http://a:1');
  });
});

describe('ProxyConfiguration.close', () => {
  it('may be called twice; then nothing is given any more, and releasing still works', async () => {
    const proxies = configure({ proxyUrls: urls(2) });
    const info = proxies.bind('s') as ProxyInfo;
    await Promise.all([proxies.close(), proxies.close()]);
    await expect(proxies.newUrl()).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
    expect(() => proxies.bind('t')).toThrow('The proxy configuration is closed');
    proxies.release('s');
    proxies.restore('s', info);
    expect(proxies.bindingsCount).toBe(0);
  });

  it('ends the waiting for a list that is still being loaded', async () => {
    let answer: (list: string[]) => void = () => {};
    const proxies = configure({
      proxyListProvider: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const waiting = [proxies.newUrl('s'), proxies.bind('t')];
    await proxies.close();
    answer(urls(2));
    for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: 'TROUPE_CLOSED' });
  });
});
