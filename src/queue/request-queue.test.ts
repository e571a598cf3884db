import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { Log } from '../core/log.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import type { RequestStore } from '../storage/request-store.ts';
import { Request } from './request.ts';
import { RequestQueue } from './request-queue.ts';
import type { RequestQueueOptions } from './request-queue-options.ts';

const site = 'https://example.com';
const quiet = new Log({ level: 'off' });

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
  const queue = await RequestQueue.open({ storage, clock, log: quiet, ...options });
  opened.push(queue);
  return queue;
}

/** Fetches until nothing comes, without settling. */
async function fetchAll(queue: RequestQueue): Promise<Request[]> {
  const requests: Request[] = [];
  for (;;) {
    const request = await queue.fetchNextRequest();
    if (!request) return requests;
    requests.push(request);
  }
}

async function fetchOne(queue: RequestQueue): Promise<Request> {
  const request = await queue.fetchNextRequest();
  if (!request) throw new Error('The queue is empty');
  return request;
}

function pathsOf(requests: readonly Request[]): string[] {
  return requests.map(({ url }) => url.slice(site.length));
}

function urls(count: number, prefix = '/'): string[] {
  return Array.from({ length: count }, (_, index) => `${site}${prefix}${index}`);
}

/** Lets through what needs no time to pass. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  promise.then(
    () => {
      isDone = true;
    },
    () => {
      isDone = true;
    },
  );
  await clock.advance(0);
  return isDone;
}

describe('adding', () => {
  it('tells what is new, known and handled', async () => {
    const queue = await open();
    const first = await queue.addRequest(`${site}/a`);
    expect(first).toEqual({
      requestId: new Request(`${site}/a`).id,
      uniqueKey: `${site}/a`,
      wasAlreadyPresent: false,
      wasAlreadyHandled: false,
    });
    expect(await queue.addRequest(`${site}/a/#top`)).toEqual({ ...first, wasAlreadyPresent: true });
    await queue.markRequestHandled(await fetchOne(queue));
    expect(await queue.addRequest({ url: `${site}/a` })).toEqual({
      ...first,
      wasAlreadyPresent: true,
      wasAlreadyHandled: true,
    });
  });

  it('tells so too when it has forgotten, from the store', async () => {
    const queue = await open({ maxRecent: 0 });
    await queue.addRequest(`${site}/a`);
    await queue.markRequestHandled(await fetchOne(queue));
    expect(await queue.addRequest(`${site}/a`)).toMatchObject({
      wasAlreadyPresent: true,
      wasAlreadyHandled: true,
    });
  });

  it('takes URLs, options and requests, from arrays, iterables and async iterables', async () => {
    const queue = await open();
    const mixed = [`${site}/0`, { url: `${site}/1`, label: 'one' }, new Request(`${site}/2`)];
    expect(await queue.addRequests(mixed)).toHaveLength(3);
    await queue.addRequests(new Set([`${site}/3`]));
    await queue.addRequests(
      (async function* () {
        for (const url of urls(1_200, '/async/')) yield url;
      })(),
    );
    const fetched = await fetchAll(queue);
    expect(pathsOf(fetched).slice(0, 5)).toEqual(['/0', '/1', '/2', '/3', '/async/0']);
    expect(fetched[1]?.label).toBe('one');
    expect(fetched).toHaveLength(1_204);
  });

  it('counts a unique key once when it is added many times at once', async () => {
    const queue = await open();
    const infos = await queue.addRequests([`${site}/a`, `${site}/a/`, `${site}/a#x`]);
    const more = await Promise.all([queue.addRequest(`${site}/b`), queue.addRequest(`${site}/b`)]);
    expect(infos.map(({ wasAlreadyPresent }) => wasAlreadyPresent)).toEqual([false, true, true]);
    expect(more.map(({ wasAlreadyPresent }) => wasAlreadyPresent)).toEqual([false, true]);
    expect((await queue.getInfo()).totalRequestCount).toBe(2);
  });

  it('adds none of a chunk with a bad URL, and names it', async () => {
    const queue = await open();
    await expect(queue.addRequests([`${site}/a`, 'nonsense'])).rejects.toThrow(/'nonsense'/);
    await expect(queue.addRequests(`${site}/a`)).rejects.toThrow(/iterable/);
    expect(await queue.isFinished()).toBe(true);
  });

  it('asks the store once for a link that is on every page', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    for (let page = 0; page < 50; page++) await queue.addRequests(urls(20));
    expect(counting.calls.add).toBe(1);
  });

  it('reports new requests to listeners', async () => {
    const queue = await open();
    const events: unknown[] = [];
    queue.on('requestsAdded', (event) => events.push(event));
    await queue.addRequests(urls(3));
    await queue.addRequests(urls(4), { forefront: true });
    await queue.addRequests(urls(4));
    expect(events).toEqual([
      { count: 3, isForefront: false },
      { count: 1, isForefront: true },
    ]);
  });
});

describe('fetching', () => {
  it('hands each request out once, first come first served', async () => {
    const queue = await open();
    await queue.addRequests(urls(300));
    expect(pathsOf(await fetchAll(queue))).toEqual(pathsOf(urls(300).map((u) => new Request(u))));
  });

  it('serves takers that ask at once with different requests, and the rest with null', async () => {
    const queue = await open();
    await queue.addRequests(urls(25));
    const fetched = await Promise.all(Array.from({ length: 30 }, () => queue.fetchNextRequest()));
    expect(new Set(fetched.map((request) => request?.id)).size).toBe(26);
    expect(fetched.filter((request) => request === null)).toHaveLength(5);
  });

  it('claims in batches ahead of need', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    await queue.addRequests(urls(1_000));
    for (let n = 0; n < 1_000; n++) await queue.markRequestHandled(await fetchOne(queue));
    expect(counting.calls.claim).toBeLessThan(40);
  });

  it('leaves most of a short queue to others', async () => {
    const first = await open();
    const second = await open();
    await first.addRequests(urls(30));
    await first.fetchNextRequest();
    expect((await fetchAll(second)).length).toBeGreaterThanOrEqual(20);
  });

  it('gives the request back as it was added', async () => {
    const queue = await open();
    await queue.addRequest({
      url: `${site}/a`,
      method: 'POST',
      payload: Buffer.from([0, 255]),
      userData: { deep: [1] },
      crawlDepth: 2,
    });
    const request = await fetchOne(queue);
    expect(request).toMatchObject({ method: 'POST', userData: { deep: [1] }, crawlDepth: 2 });
    expect(Buffer.from(request.payload as Uint8Array)).toEqual(Buffer.from([0, 255]));
  });

  it('skips a stored request that cannot be read, and never meets it again', async () => {
    const store = await storage.openRequestStore('default');
    await store.add([{ id: 'bad', uniqueKey: 'bad', body: '{' }]);
    const queue = await open();
    await queue.addRequest(`${site}/good`);
    expect(pathsOf(await fetchAll(queue))).toEqual(['/good']);
    expect(await store.get('bad')).toMatchObject({ isHandled: true });
  });
});

describe('the forefront', () => {
  it('comes before everything claimed ahead, the last added first', async () => {
    const queue = await open();
    await queue.addRequests(urls(50));
    await fetchOne(queue);
    await queue.addRequest(`${site}/a`, { forefront: true });
    await queue.addRequest(`${site}/b`, { forefront: true });
    expect(pathsOf([await fetchOne(queue)])).toEqual(['/b']);
    await queue.addRequest(`${site}/c`, { forefront: true });
    const next = [await fetchOne(queue), await fetchOne(queue), await fetchOne(queue)];
    expect(pathsOf(next)).toEqual(['/c', '/a', '/1']);
  });

  it('keeps its order when it is larger than a claim', async () => {
    const queue = await open({ maxLookAhead: 10 });
    await queue.addRequests(urls(20));
    await fetchOne(queue);
    await queue.addRequests(urls(35, '/front/'), { forefront: true });
    const paths = pathsOf(await fetchAll(queue));
    expect(paths.slice(0, 35)).toEqual(
      Array.from({ length: 35 }, (_, index) => `/front/${34 - index}`),
    );
    expect(paths.slice(35)).toEqual(Array.from({ length: 19 }, (_, index) => `/${index + 1}`));
  });

  it('crawls depth first when every page puts its links there', async () => {
    const queue = await open({ maxLookAhead: 10 });
    await queue.addRequests(urls(3));
    const visited: string[] = [];
    for (let n = 0; n < 40; n++) {
      const request = await fetchOne(queue);
      visited.push(request.url);
      const links = urls(5, `${request.url.slice(site.length)}/`);
      if (n < 39) await queue.addRequests(links, { forefront: true });
      if (n > 0) expect(request.url.startsWith(visited[n - 1] as string)).toBe(true);
      await queue.markRequestHandled(request);
    }
    const held = await queue.getInfo();
    expect(held.lockedRequestCount).toBeLessThanOrEqual(40);
  });

  it('holds for reclaimed requests', async () => {
    const queue = await open();
    await queue.addRequests(urls(20));
    const first = await fetchOne(queue);
    const second = await fetchOne(queue);
    await queue.reclaimRequest(first);
    await queue.reclaimRequest(second, { forefront: true });
    const paths = pathsOf(await fetchAll(queue));
    expect(paths[0]).toBe('/1');
    expect(paths.at(-1)).toBe('/0');
  });
});

describe('settling', () => {
  it('keeps the state of a reclaimed request', async () => {
    const queue = await open();
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    request.retryCount = 2;
    request.sessionRotationCount = 1;
    request.userData['seen'] = true;
    request.pushErrorMessage(new Error('nope'));
    await queue.reclaimRequest(request);
    const again = await fetchOne(queue);
    expect(again).not.toBe(request);
    expect(again).toMatchObject({
      retryCount: 2,
      sessionRotationCount: 1,
      userData: { seen: true },
    });
    expect(again.errorMessages).toEqual(['Error: nope']);
  });

  it('stores the final state of a handled request', async () => {
    const queue = await open();
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    request.loadedUrl = `${site}/b`;
    expect(await queue.markRequestHandled(request)).toMatchObject({ requestId: request.id });
    expect(await queue.getRequest(request.id)).toMatchObject({
      loadedUrl: `${site}/b`,
      handledAt: new Date(clock.now()).toISOString(),
    });
    expect(await queue.getRequest('unknown')).toBeNull();
    expect(await queue.handledCount()).toBe(1);
  });

  it('refuses what is not lent out', async () => {
    const queue = await open();
    const stranger = new Request(`${site}/a`);
    await queue.addRequests([stranger, `${site}/b`]);
    const notFetched = expect.objectContaining({ code: 'TROUPE_REQUEST_NOT_FETCHED' });
    await expect(queue.markRequestHandled(stranger)).rejects.toThrow(notFetched);
    const request = await fetchOne(queue);
    await fetchOne(queue);
    const handling = queue.markRequestHandled(request);
    await expect(queue.reclaimRequest(request)).rejects.toThrow(notFetched);
    await handling;
    await expect(queue.markRequestHandled(request)).rejects.toThrow(notFetched);
  });

  it('refuses a delay that is none, and keeps the request lent out', async () => {
    const queue = await open();
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    for (const delaySecs of [-1, Number.NaN]) {
      await expect(queue.reclaimRequest(request, { delaySecs })).rejects.toThrow(/`delaySecs`/);
    }
    expect(await queue.markRequestHandled(request)).not.toBeNull();
  });

  it('can be tried again after the store failed', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    counting.failNext('handle');
    await expect(queue.markRequestHandled(request)).rejects.toThrow('the disk is full');
    expect(await queue.isFinished()).toBe(false);
    expect(await queue.markRequestHandled(request)).not.toBeNull();
    expect(await queue.isFinished()).toBe(true);
  });

  it('writes what is settled at once in one store call', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    await queue.addRequests(urls(50));
    const requests = await fetchAll(queue);
    await Promise.all(requests.map((request) => queue.markRequestHandled(request)));
    expect(counting.calls.handle).toBe(1);
  });

  it('stores links before it marks their page handled, even when nobody awaits them', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    counting.order.length = 0;
    await Promise.all([queue.markRequestHandled(request), queue.addRequest(`${site}/b`)]);
    expect(counting.order.indexOf('add')).toBeLessThan(counting.order.indexOf('handle'));
  });
});

describe('errors of the store', () => {
  it('reach those whose operation failed, and only those', async () => {
    const counting = countingStorage();
    const queue = await open({ storage: counting.storage });
    counting.failNext('add');
    const failing = queue.addRequests(urls(3));
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await queue.addRequests(urls(3))).toMatchObject([
      { wasAlreadyPresent: false },
      { wasAlreadyPresent: false },
      { wasAlreadyPresent: false },
    ]);
    counting.failNext('claim');
    await expect(queue.fetchNextRequest()).rejects.toThrow('the disk is full');
    expect(await fetchAll(queue)).toHaveLength(3);
  });
});

describe('being empty and being finished', () => {
  it('differ while requests are in use or delayed', async () => {
    const queue = await open();
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([true, true]);
    const adding = queue.addRequest(`${site}/a`);
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([false, false]);
    await adding;
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([false, false]);
    const request = await fetchOne(queue);
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([true, false]);
    await queue.reclaimRequest(request, { delaySecs: 5 });
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([true, false]);
    await clock.advance(5_000);
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([false, false]);
    await queue.markRequestHandled(await fetchOne(queue));
    expect([await queue.isEmpty(), await queue.isFinished()]).toEqual([true, true]);
  });

  it('is not finished while another process works on the last request', async () => {
    const [mine, theirs] = [await open(), await open()];
    await mine.addRequest(`${site}/a`);
    const request = await fetchOne(theirs);
    expect(await mine.isFinished()).toBe(false);
    await theirs.markRequestHandled(request);
    expect(await mine.isFinished()).toBe(true);
  });
});

describe('waiting for requests', () => {
  async function openDrained(options: Partial<RequestQueueOptions> = {}): Promise<RequestQueue> {
    const queue = await open({ pollSecs: 60, ...options });
    expect(await queue.fetchNextRequest()).toBeNull();
    return queue;
  }

  it('ends at once when a request is added', async () => {
    const queue = await openDrained();
    const waiting = queue.waitForRequests();
    expect(await isSettled(waiting)).toBe(false);
    await queue.addRequest(`${site}/a`);
    expect(await isSettled(waiting)).toBe(true);
    expect(await queue.fetchNextRequest()).not.toBeNull();
  });

  it('does not begin when a request was added since the last fetch', async () => {
    const queue = await openDrained();
    await queue.addRequest(`${site}/a`);
    expect(await isSettled(queue.waitForRequests())).toBe(true);
  });

  it('ends when a request is reclaimed, and when the last one is handled', async () => {
    const queue = await open({ pollSecs: 60 });
    await queue.addRequests(urls(2));
    const [first, second] = await fetchAll(queue);
    const waiting = queue.waitForRequests();
    await queue.reclaimRequest(first as Request);
    expect(await isSettled(waiting)).toBe(true);
    const again = await fetchOne(queue);
    await queue.markRequestHandled(again);
    expect(await queue.fetchNextRequest()).toBeNull();
    const waitingForTheEnd = queue.waitForRequests();
    expect(await isSettled(waitingForTheEnd)).toBe(false);
    await queue.markRequestHandled(second as Request);
    expect(await isSettled(waitingForTheEnd)).toBe(true);
    expect(await queue.isFinished()).toBe(true);
  });

  it('ends when a delayed request falls due, not before', async () => {
    const queue = await open({ pollSecs: 60 });
    await queue.addRequest(`${site}/a`);
    await queue.reclaimRequest(await fetchOne(queue), { delaySecs: 10 });
    expect(await queue.fetchNextRequest()).toBeNull();
    const waiting = queue.waitForRequests();
    await clock.advance(9_999);
    expect(await isSettled(waiting)).toBe(false);
    expect(await queue.fetchNextRequest()).toBeNull();
    const waitingOn = queue.waitForRequests();
    await clock.advance(1);
    await Promise.all([waiting, waitingOn]);
    expect(pathsOf([await fetchOne(queue)])).toEqual(['/a']);
  });

  it('ends when the lock of a dead process runs out', async () => {
    const store = await storage.openRequestStore('default');
    const queue = await open({ pollSecs: 60 });
    await queue.addRequest(`${site}/a`);
    await store.claim(1, { now: clock.now(), lockMs: 20_000 });
    expect(await queue.fetchNextRequest()).toBeNull();
    const waiting = queue.waitForRequests();
    await clock.advance(20_000);
    expect(await isSettled(waiting)).toBe(true);
    expect(pathsOf([await fetchOne(queue)])).toEqual(['/a']);
  });

  it('looks every pollSecs for what others have added', async () => {
    const queue = await openDrained({ pollSecs: 2 });
    const other = await open();
    const waiting = queue.waitForRequests();
    await other.addRequest(`${site}/a`);
    expect(await isSettled(waiting)).toBe(false);
    await clock.advance(2_000);
    expect(await isSettled(waiting)).toBe(true);
    expect(await queue.fetchNextRequest()).not.toBeNull();
  });

  it('ends with the reason of its signal, leaving no timer', async () => {
    const queue = await openDrained();
    const controller = new AbortController();
    const waiting = queue.waitForRequests({ signal: controller.signal });
    expect(await isSettled(waiting)).toBe(false);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(clock.pendingTimersCount).toBe(0);
    await expect(queue.waitForRequests({ signal: controller.signal })).rejects.toThrow('enough');
  });

  it('ends when the queue is closed', async () => {
    const queue = await openDrained();
    const waiting = queue.waitForRequests();
    await queue.close();
    await waiting;
    expect(clock.pendingTimersCount).toBe(0);
  });
});

describe('locks', () => {
  it('are extended for as long as the request is in use', async () => {
    const [mine, theirs] = [await open({ lockSecs: 10 }), await open({ lockSecs: 10 })];
    await mine.addRequest(`${site}/a`);
    const request = await fetchOne(mine);
    for (let n = 0; n < 10; n++) {
      await clock.advance(5_000);
      expect(await theirs.fetchNextRequest()).toBeNull();
    }
    expect(await mine.markRequestHandled(request)).not.toBeNull();
    await clock.advance(20_000);
    expect(clock.pendingTimersCount).toBe(0);
  });

  it('that were lost are reported, and settling such a request changes nothing', async () => {
    const queue = await open({ lockSecs: 10 });
    const lost: string[] = [];
    queue.on('lockLost', ({ request }) => lost.push(request.url));
    await queue.addRequests(urls(2));
    const [first, second] = (await fetchAll(queue)) as [Request, Request];
    const other = await open();
    clock.jumpTo(clock.now() + 11_000);
    const [theirs] = (await fetchAll(other)) as [Request, Request];
    expect(await queue.markRequestHandled(first)).toBeNull();
    await clock.advance(5_000);
    expect(lost).toEqual([first.url, second.url]);
    expect(await queue.reclaimRequest(second)).toBeNull();
    expect(lost).toHaveLength(2);
    expect(await queue.handledCount()).toBe(0);
    expect(await other.markRequestHandled(theirs)).not.toBeNull();
  });

  it('that ran out are taken up again without handing the request out twice', async () => {
    const queue = await open({ lockSecs: 10 });
    await queue.addRequests(urls(3));
    const requests = await fetchAll(queue);
    clock.jumpTo(clock.now() + 11_000);
    expect(await fetchAll(queue)).toEqual([]);
    for (const request of requests) expect(await queue.markRequestHandled(request)).not.toBeNull();
    expect(await queue.isFinished()).toBe(true);
  });

  it('of the look-ahead that ran out are not relied upon', async () => {
    const [mine, theirs] = [await open({ lockSecs: 10 }), await open({ lockSecs: 10 })];
    await mine.addRequests(urls(5));
    await fetchOne(mine);
    clock.jumpTo(clock.now() + 11_000);
    const stolen = [await fetchOne(theirs), await fetchOne(theirs)];
    const rest = await fetchAll(mine);
    expect(new Set([...pathsOf(stolen), ...pathsOf(rest)]).size).toBe(stolen.length + rest.length);
  });

  it('of an unused look-ahead go back, in order, so that others can work', async () => {
    const [mine, theirs] = [await open({ lockSecs: 10 }), await open({ lockSecs: 10 })];
    await mine.addRequests(urls(6));
    const inUse = await fetchOne(mine);
    expect(await theirs.fetchNextRequest()).toBeNull();
    await clock.advance(10_000);
    expect(pathsOf(await fetchAll(theirs))).toEqual(['/1', '/2', '/3', '/4', '/5']);
    expect(await mine.markRequestHandled(inUse)).not.toBeNull();
  });

  it('survive a beat on which the store fails', async () => {
    const counting = countingStorage();
    const mine = await open({ storage: counting.storage, lockSecs: 10 });
    await mine.addRequest(`${site}/a`);
    const request = await fetchOne(mine);
    counting.failNext('extend');
    await clock.advance(12_000);
    expect(await (await open()).fetchNextRequest()).toBeNull();
    expect(await mine.markRequestHandled(request)).not.toBeNull();
  });
});

describe('closing', () => {
  it('gives back what is claimed, what was in use first and with its state', async () => {
    const queue = await open();
    await queue.addRequests(urls(6));
    const inUse = await fetchOne(queue);
    inUse.retryCount = 1;
    await queue.close();
    const next = await open();
    const fetched = await fetchAll(next);
    expect(pathsOf(fetched)).toEqual(['/0', '/1', '/2', '/3', '/4', '/5']);
    expect(fetched[0]?.retryCount).toBe(1);
    expect(clock.pendingTimersCount).toBe(1);
  });

  it('finishes what is under way, and lets takers go with null', async () => {
    const queue = await open();
    await queue.addRequest(`${site}/a`);
    const request = await fetchOne(queue);
    const handling = queue.markRequestHandled(request);
    const adding = queue.addRequest(`${site}/b`);
    const taking = queue.fetchNextRequest();
    await queue.close();
    expect(await handling).not.toBeNull();
    expect(await adding).toMatchObject({ wasAlreadyPresent: false });
    expect(await taking).toBeNull();
  });

  it('happens once, and nothing works afterwards', async () => {
    const queue = await open();
    const request = new Request(`${site}/a`);
    const closing = queue.close();
    expect(queue.close()).toBe(closing);
    await closing;
    const closed = expect.objectContaining({ code: 'TROUPE_CLOSED' });
    await expect(queue.addRequest(request)).rejects.toThrow(closed);
    await expect(queue.addRequests([request])).rejects.toThrow(closed);
    await expect(queue.fetchNextRequest()).rejects.toThrow(closed);
    await expect(queue.markRequestHandled(request)).rejects.toThrow(closed);
    await expect(queue.isFinished()).rejects.toThrow(closed);
    await expect(queue.waitForRequests()).rejects.toThrow(closed);
    await expect(queue.drop()).rejects.toThrow(closed);
  });

  it('is what disposing does', async () => {
    {
      await using queue = await open();
      await queue.addRequest(`${site}/a`);
      await queue.fetchNextRequest();
    }
    expect(await (await open()).fetchNextRequest()).not.toBeNull();
  });

  it('leaves the storage open', async () => {
    await (await open()).close();
    expect(await (await open()).isEmpty()).toBe(true);
  });
});

describe('dropping', () => {
  it('removes all requests and closes the queue', async () => {
    const queue = await open();
    await queue.addRequests(urls(3));
    await fetchOne(queue);
    await queue.drop();
    await queue.close();
    await expect(queue.getInfo()).rejects.toThrow(/closed/);
    const next = await open();
    expect((await next.getInfo()).totalRequestCount).toBe(0);
    expect(await next.addRequest(`${site}/0`)).toMatchObject({ wasAlreadyPresent: false });
  });
});

describe('opening', () => {
  it('keeps queues of different names apart', async () => {
    await (await open({ name: 'one' })).addRequest(`${site}/a`);
    expect(await (await open({ name: 'two' })).isEmpty()).toBe(true);
  });

  it('refuses bad options by name', async () => {
    await expect(RequestQueue.open({ storage, lockSecs: 0 })).rejects.toThrow(/`lockSecs`/);
    await expect(RequestQueue.open({} as RequestQueueOptions)).rejects.toThrow(/`storage`/);
    const misspelt = { storage, lockSec: 1 } as RequestQueueOptions;
    await expect(RequestQueue.open(misspelt)).rejects.toThrow(/did you mean `lockSecs`/);
  });
});

type StoreMethod = 'add' | 'claim' | 'extend' | 'handle' | 'giveBack';

interface CountingStorage {
  readonly storage: MemoryStorage;
  readonly calls: Record<StoreMethod, number>;
  readonly order: string[];
  failNext(method: StoreMethod): void;
}

/** The test's storage with a store that counts its calls and can be told to fail once. */
function countingStorage(): CountingStorage {
  const calls = { add: 0, claim: 0, extend: 0, handle: 0, giveBack: 0 };
  const order: string[] = [];
  const failing = new Set<string>();
  const watched = (store: RequestStore): RequestStore =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          order.push(String(name));
          if (Object.hasOwn(calls, name)) calls[name as StoreMethod]++;
          if (failing.delete(String(name))) throw new Error('the disk is full');
          return value.apply(target, args);
        };
      },
    });
  const proxied = new Proxy(storage, {
    get(target, name) {
      if (name !== 'openRequestStore') return Reflect.get(target, name, target);
      return async (storeName: string) => watched(await target.openRequestStore(storeName));
    },
  });
  return { storage: proxied, calls, order, failNext: (method) => failing.add(method) };
}

describe('requests that failed for good', () => {
  it('are found again with their errors, and count as handled', async () => {
    const queue = await open();
    await queue.addRequests(urls(2));
    const failed = await fetchOne(queue);
    failed.retryCount = 3;
    failed.pushErrorMessage(new Error('no page'));
    await queue.markRequestFailed(failed);
    await queue.markRequestHandled(await fetchOne(queue));
    expect(await queue.isFinished()).toBe(true);
    expect(await queue.handledCount()).toBe(2);
    const found: Request[] = [];
    for await (const request of queue.failedRequests()) found.push(request);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ url: failed.url, retryCount: 3, handledAt: failed.handledAt });
    expect(found[0]?.errorMessages).toEqual(['Error: no page']);
  });

  it('can all be put back, wake who waits, and have their retries anew', async () => {
    const queue = await open();
    await queue.addRequest(`${site}/0`);
    const failed = await fetchOne(queue);
    failed.retryCount = 3;
    failed.sessionRotationCount = 2;
    failed.pushErrorMessage(new Error('no page'));
    await queue.markRequestFailed(failed);
    const waiting = queue.waitForRequests();
    expect(await queue.retryFailed()).toBe(1);
    expect(await queue.retryFailed()).toBe(0);
    await waiting;
    const again = await fetchOne(queue);
    expect(again).toMatchObject({ url: failed.url, retryCount: 0, sessionRotationCount: 0 });
    expect(again.handledAt).toBeUndefined();
    expect(again.errorMessages).toEqual(['Error: no page']);
    await queue.markRequestHandled(again);
    expect(await queue.isFinished()).toBe(true);
  });
});
