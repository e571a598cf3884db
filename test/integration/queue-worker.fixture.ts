import { readSync, writeSync } from 'node:fs';
import { SeededRandom } from '../../src/core/random.ts';
import type { Request } from '../../src/queue/request.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';

/**
 * Works on a queue of numbered pages that link to each other, and writes a line for each thing that happened, once
 * it has: `ready` when it waits for standard input to end, then `A n` added, `F n` fetched, `R n` reclaimed, `H n` handled, and `done` at the end. Standard output is
 * written synchronously, so a line that was begun is out even when the process is killed right after.
 */
const [path = '', seed = '', ...numbers] = process.argv.slice(2);
const [total = 0, lockSecs = 0, stopAfter = 0] = numbers.map(Number);
const random = new SeededRandom(seed);
const storage = new SqliteStorage({ path });
const queue = await RequestQueue.open({ storage, lockSecs });

let lineCount = 0;

writeSync(1, 'ready\n');
readSync(0, Buffer.alloc(1));

function log(what: 'A' | 'F' | 'R' | 'H', request: number): void {
  writeSync(1, `${what} ${request}\n`);
  // Waits for the SIGKILL that is on its way.
  if (++lineCount === stopAfter) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function add(pages: readonly number[], forefront: boolean): Promise<void> {
  const urls = pages.map((page) => `https://example.com/${page}`);
  await queue.addRequests(urls, { forefront });
  for (const page of pages) log('A', page);
}

function numberOf(request: Request): number {
  return Number(new URL(request.url).pathname.slice(1));
}

async function work(request: Request): Promise<void> {
  const page = numberOf(request);
  log('F', page);
  if (random.next() < 0.05 && request.retryCount < 3) {
    request.retryCount++;
    await queue.reclaimRequest(request, { forefront: random.next() < 0.5 });
    log('R', page);
    return;
  }
  const links = [1, 2, 3].map((step) => page * 3 + step).filter((link) => link < total);
  await add([...links, 0, page >> 1], random.next() < 0.2);
  await queue.markRequestHandled(request);
  log('H', page);
}

async function worker(): Promise<void> {
  for (;;) {
    const request = await queue.fetchNextRequest();
    if (request) await work(request);
    else if (await queue.isFinished()) return;
    else await queue.waitForRequests();
  }
}

await add([0, ...Array.from({ length: Math.min(500, total - 1) }, (_, index) => index + 1)], false);
await Promise.all(Array.from({ length: 8 }, worker));
writeSync(1, 'done\n');
await queue.close();
await storage.close();
