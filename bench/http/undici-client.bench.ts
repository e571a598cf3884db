import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'undici';
import { UndiciClient } from '../../src/http/undici-client.ts';
import { compare, type Readings, size } from '../report.ts';

const PARALLEL = 50;
const REQUESTS = size(30_000, 500);

/** A process of its own, so that only the client's work is measured. */
const SITE = `
  const page = Buffer.alloc(3000, 'x');
  require('node:http')
    .createServer((_request, response) => response.end(page))
    .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });
`;

await compare('GET a page of 3 kB, 50 at once', {
  columns: { 'requests/s': 'more', 'client µs/request': 'less' },
  against: 'undici.request',
  goal: 'at least 0.85 of undici.request',
  subjects: {
    'undici.request': () =>
      measured(async (url) => {
        const { body } = await request(url);
        await body.arrayBuffer();
      }),
    UndiciClient: () => {
      const client = new UndiciClient();
      return measured(async (url) => {
        await (await client.send({ url })).bytes();
      });
    },
  },
});

async function measured(get: (url: string) => Promise<void>): Promise<Readings> {
  const site = spawn(process.execPath, ['-e', SITE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(site.stdout, 'data');
  const url = `http://127.0.0.1:${port}/page`;
  try {
    await inParallel(Math.ceil(REQUESTS / 5), () => get(url));
    const start = performance.now();
    const cpu = process.cpuUsage();
    await inParallel(REQUESTS, () => get(url));
    const { user, system } = process.cpuUsage(cpu);
    return {
      'requests/s': REQUESTS / ((performance.now() - start) / 1000),
      'client µs/request': (user + system) / REQUESTS,
    };
  } finally {
    site.kill();
  }
}

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
