import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { Log } from '../core/log.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import { RequestQueue } from './request-queue.ts';
import type { RequestQueueOptions } from './request-queue-options.ts';

let storage: MemoryStorage;
let clock: FakeClock;
const opened: RequestQueue[] = [];

beforeEach(() => {
  storage = new MemoryStorage();
  clock = new FakeClock();
});

afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
  await storage.close();
});

async function open(options: Partial<RequestQueueOptions> = {}): Promise<RequestQueue> {
  const log = new Log({ level: 'off' });
  const queue = await RequestQueue.open({ storage, clock, log, pollSecs: 60, ...options });
  opened.push(queue);
  return queue;
}

async function urlsOf(queue: RequestQueue): Promise<string[]> {
  const urls: string[] = [];
  for (;;) {
    const request = await queue.fetchNextRequest();
    if (!request) return urls;
    urls.push(request.url);
  }
}

describe('a queue of several origins', () => {
  it('hands out a few pages of a small site before the many of a large one', async () => {
    const queue = await open();
    const large = Array.from({ length: 500 }, (_, index) => `https://large.example/${index}`);
    await queue.addRequests(large);
    await queue.addRequests(['https://small.example/a', 'https://small.example/b']);
    const urls = await urlsOf(queue);
    expect(urls).toHaveLength(502);
    expect(urls.indexOf('https://small.example/b')).toBeLessThan(20);
    expect(urls.filter((url) => url.startsWith('https://large'))).toEqual(large);
  });
});

describe('sameDomainDelaySecs', () => {
  it('keeps requests to all hosts of a domain apart, whoever fetches them, and no others', async () => {
    const one = await open({ sameDomainDelaySecs: 2 });
    const other = await open({ sameDomainDelaySecs: 2 });
    await one.addRequests(['https://www.example.com/a', 'https://elsewhere.example/']);
    await other.addRequests(['http://shop.example.com/b', 'https://example.com:8443/c']);
    expect(await urlsOf(one)).toEqual(['https://www.example.com/a', 'https://elsewhere.example/']);
    expect(await urlsOf(other)).toEqual([]);
    await clock.advance(1_999);
    expect([...(await urlsOf(one)), ...(await urlsOf(other))]).toEqual([]);
    await clock.advance(1);
    expect(await urlsOf(other)).toEqual(['http://shop.example.com/b']);
    expect(await urlsOf(one)).toEqual([]);
    await clock.advance(2_000);
    expect(await urlsOf(one)).toEqual(['https://example.com:8443/c']);
  });

  it('lets a worker sleep until the next one is due, and no longer', async () => {
    const queue = await open({ sameDomainDelaySecs: 3 });
    await queue.addRequests(['https://example.com/a', 'https://example.com/b']);
    expect(await urlsOf(queue)).toEqual(['https://example.com/a']);
    let isOver = false;
    const waiting = queue.waitForRequests().then(() => {
      isOver = true;
    });
    await clock.advance(2_999);
    expect(isOver).toBe(false);
    expect(await queue.isEmpty()).toBe(true);
    await clock.advance(1);
    await waiting;
    expect(await urlsOf(queue)).toEqual(['https://example.com/b']);
  });

  it('can be raised for a queue that is open, and is never lowered', async () => {
    const queue = await open();
    expect(queue.sameDomainDelaySecs).toBe(0);
    queue.keepApart(2);
    queue.keepApart(1);
    expect(queue.sameDomainDelaySecs).toBe(2);
    await queue.addRequests(['https://a.example.com/', 'https://b.example.com/']);
    expect(await urlsOf(queue)).toHaveLength(1);
    await clock.advance(1_999);
    expect(await urlsOf(queue)).toEqual([]);
    await clock.advance(1);
    expect(await urlsOf(queue)).toHaveLength(1);
  });

  it('is checked by name', async () => {
    await expect(open({ sameDomainDelaySecs: -1 })).rejects.toThrow(/`sameDomainDelaySecs`/);
  });
});
