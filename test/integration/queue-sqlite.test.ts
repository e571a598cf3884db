import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import type { Request } from '../../src/queue/request.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';

const quiet = new Log({ level: 'off' });

let folder: string;
let clock: FakeClock;
const opened: AsyncDisposable[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'troupe-queue-sqlite-'));
  clock = new FakeClock();
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Each has the file open for itself, as another process would. */
async function open(lockSecs = 10): Promise<RequestQueue> {
  const storage = new SqliteStorage({ path: join(folder, 'queue.db') });
  const queue = await RequestQueue.open({ storage, clock, log: quiet, lockSecs });
  opened.push(storage, queue);
  return queue;
}

async function fetchOne(queue: RequestQueue): Promise<Request> {
  const request = await queue.fetchNextRequest();
  if (!request) throw new Error('The queue is empty');
  return request;
}

function urls(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `https://example.com/${index}`);
}

describe('a request queue on SQLite', () => {
  it('never hands a request to two queues that work at once', async () => {
    const queues = [await open(), await open(), await open()];
    await queues[0]?.addRequests(urls(600));
    const handled: string[] = [];
    const work = async (queue: RequestQueue): Promise<void> => {
      for (;;) {
        const request = await queue.fetchNextRequest();
        if (!request) return;
        if (request.retryCount === 0 && request.id < 'K') {
          request.retryCount = 1;
          await queue.reclaimRequest(request, { forefront: request.id < 'F' });
          continue;
        }
        handled.push(request.url);
        expect(await queue.markRequestHandled(request)).not.toBeNull();
      }
    };
    await Promise.all(queues.flatMap((queue) => Array.from({ length: 5 }, () => work(queue))));
    for (const queue of queues) await work(queue);
    expect(handled).toHaveLength(600);
    expect(new Set(handled).size).toBe(600);
    expect(await queues[1]?.isFinished()).toBe(true);
  });

  it('keeps locks for as long as a request is in use, and no longer once its process is gone', async () => {
    const [mine, theirs] = [await open(), await open()];
    await mine.addRequest('https://example.com/a');
    const request = await fetchOne(mine);
    for (let beat = 0; beat < 6; beat++) {
      await clock.advance(5_000);
      // Comes after the beat in the queue's own order, so the locks are extended when it is answered.
      expect(await mine.fetchNextRequest()).toBeNull();
      expect(await theirs.fetchNextRequest()).toBeNull();
    }
    // As in a process that was stopped: time goes on, no timer fires.
    clock.jumpTo(clock.now() + 10_001);
    const taken = await fetchOne(theirs);
    expect(taken.id).toBe(request.id);
    expect(await mine.markRequestHandled(request)).toBeNull();
    expect(await theirs.isFinished()).toBe(false);
    expect(await theirs.markRequestHandled(taken)).not.toBeNull();
    expect(await mine.isFinished()).toBe(true);
  });

  it('holds a delayed request back until its time, for every queue', async () => {
    const [mine, theirs] = [await open(), await open()];
    await mine.addRequest('https://example.com/a');
    await mine.reclaimRequest(await fetchOne(mine), { delaySecs: 60 });
    clock.jumpTo(clock.now() + 59_999);
    expect(await mine.fetchNextRequest()).toBeNull();
    expect(await theirs.fetchNextRequest()).toBeNull();
    expect(await theirs.isFinished()).toBe(false);
    clock.jumpTo(clock.now() + 1);
    expect(await theirs.fetchNextRequest()).not.toBeNull();
  });

  it('goes on where it was closed', async () => {
    const first = await open();
    await first.addRequests(urls(5));
    await first.markRequestHandled(await fetchOne(first));
    await fetchOne(first);
    await first.close();
    const second = await open();
    const rest: string[] = [];
    for (let request = await second.fetchNextRequest(); request; ) {
      rest.push(request.url);
      await second.markRequestHandled(request);
      request = await second.fetchNextRequest();
    }
    expect(rest).toEqual(urls(5).slice(1));
    expect(await second.addRequest(urls(1)[0] as string)).toMatchObject({
      wasAlreadyHandled: true,
    });
  });
});
