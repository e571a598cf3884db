import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../../core/fake-clock.ts';
import { drawFates, type FateKind } from './fate.ts';
import { LocalWorld } from './local-world.ts';

const SEED = 11;
const fates = drawFates(40, SEED);
let world: LocalWorld;

beforeAll(async () => {
  world = await LocalWorld.open({ pagesCount: 20, proxiesCount: 40, seed: SEED, maxLatencyMs: 4 });
});

afterAll(() => world.close());

function proxyWith(kind: FateKind, nth = 0): { url: URL; index: number } {
  const indexes = [...fates.keys()].filter((index) => fates[index]?.kind === kind);
  const index = indexes[nth] as number;
  return { url: new URL(world.proxyUrls[index] as string), index };
}

interface Got {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function get(url: string, proxy?: URL): Promise<Got> {
  const target = new URL(url);
  const to = proxy ?? target;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: to.hostname, port: to.port, path: proxy ? url : target.pathname, agent: false },
      async (response) =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          body: await text(response),
        }),
    );
    sent.once('error', reject);
    sent.end();
  });
}

/** Status and body through a CONNECT tunnel; the tunnel's own status when it is refused. */
function getThroughTunnel(url: string, proxy: URL): Promise<Got> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const tunnel = request({
      host: proxy.hostname,
      port: proxy.port,
      method: 'CONNECT',
      path: target.host,
    });
    tunnel.once('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        resolve({ status: answer.statusCode ?? 0, retryAfter: undefined, body: '' });
        return;
      }
      const sent = request(
        { path: target.pathname, createConnection: () => socket, headers: { host: target.host } },
        async (response) => {
          const body = await text(response);
          socket.destroy();
          resolve({ status: response.statusCode ?? 0, retryAfter: undefined, body });
        },
      );
      sent.once('error', reject);
      sent.end();
    });
    tunnel.once('error', reject);
    tunnel.end();
  });
}

test('a healthy proxy forwards plain requests and tunnels, and both count as its hits', async () => {
  const { url, index } = proxyWith('healthy');
  const plain = await get(world.pageUrl(3), url);
  expect(plain.status).toBe(200);
  expect(plain.body).toContain('<title>Page 3:');
  const tunnelled = await getThroughTunnel(world.pageUrl(3), url);
  expect(tunnelled.body).toBe(plain.body);
  expect(world.report().proxies[index]).toMatchObject({
    fate: 'healthy',
    hits: 2,
    connectionsCount: 2,
    answers: { page: 2 },
  });
});

test('a banning site knows a proxy again on a new connection, whichever way it comes', async () => {
  const { url, index } = proxyWith('banning');
  const fate = fates[index] as { afterHits: number };
  for (let hit = 0; hit < fate.afterHits; hit++) {
    expect((await get(world.pageUrl(1), url)).status).toBe(200);
  }
  expect((await get(world.pageUrl(1), url)).status).toBe(403);
  expect((await getThroughTunnel(world.pageUrl(1), url)).status).toBe(403);
  expect((await get(world.pageUrl(1), proxyWith('healthy').url)).status).toBe(200);
});

test('a soft-blocking site answers "Access denied" with status 200', async () => {
  const { url, index } = proxyWith('soft-blocking');
  const fate = fates[index] as { afterHits: number };
  for (let hit = 0; hit < fate.afterHits; hit++) await get(world.pageUrl(1), url);
  const { status, body } = await get(world.pageUrl(1), url);
  expect(status).toBe(200);
  expect(body).toContain('<title>Access denied</title>');
});

test('a throttling site sends 429 with Retry-After in seconds', async () => {
  const { url, index } = proxyWith('throttling');
  const fate = fates[index] as { burst: number; retryAfterSecs: number };
  for (let hit = 0; hit < fate.burst; hit++) await get(world.pageUrl(1), url);
  const { status, retryAfter } = await get(world.pageUrl(1), url);
  expect(status).toBe(429);
  expect(Number(retryAfter)).toBe(fate.retryAfterSecs);
});

test('a dead proxy refuses connections for as long as the world stands', async () => {
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(get(world.pageUrl(1), proxyWith('dead').url)).rejects.toThrow('ECONNREFUSED');
  }
});

test('a hanging proxy accepts a connection, says nothing and counts it', async () => {
  const other = await LocalWorld.open({ pagesCount: 1, proxiesCount: 40, seed: SEED });
  const { index } = proxyWith('hanging');
  const socket = connect(Number(new URL(other.proxyUrls[index] as string).port), '127.0.0.1');
  const bytes: Buffer[] = [];
  socket.on('data', (chunk) => bytes.push(chunk));
  socket.on('error', () => {});
  socket.write('GET http://127.0.0.1/ HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => socket.once('connect', resolve));
  await get(other.startUrl);
  expect(other.report().proxies[index]).toMatchObject({ connectionsCount: 1, hits: 0 });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await other.close();
  await closed;
  expect(bytes).toEqual([]);
});

test('a proxy forwards to the site and nowhere else', async () => {
  const { url } = proxyWith('healthy', 1);
  expect((await get('http://127.0.0.1:1/', url)).status).toBe(403);
  expect((await getThroughTunnel('http://127.0.0.1:1/', url)).status).toBe(403);
});

test('the report names the pages nobody was served and counts the repeated ones', async () => {
  await using other = await LocalWorld.open({ pagesCount: 4, proxiesCount: 0 });
  for (const page of [1, 2, 2, 2]) await get(other.pageUrl(page));
  expect((await get(other.pageUrl(5))).status).toBe(404);
  expect(other.report()).toEqual({
    pagesCount: 4,
    servedCount: 4,
    unservedPages: [3, 4],
    repeatedPagesCount: 1,
    proxies: [],
  });
});

test('a site takes its time to answer through a proxy', async () => {
  const clock = new FakeClock();
  await using other = await LocalWorld.open({ pagesCount: 1, proxiesCount: 1, clock });
  const url = new URL(other.proxyUrls[0] as string);
  let isAnswered = false;
  const answered = get(other.startUrl, url).then(() => {
    isAnswered = true;
  });
  while (clock.pendingTimersCount === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(isAnswered).toBe(false);
  await clock.advance(60);
  await answered;
});

test('counts out of range are refused by name', async () => {
  await expect(LocalWorld.open({ pagesCount: 0 })).rejects.toThrow(
    'Expected `pagesCount` to be an integer from 1 to 100000, got `0` (number)',
  );
  await expect(LocalWorld.open({ proxiesCount: 1.5 })).rejects.toThrow('proxiesCount');
  await expect(LocalWorld.open({ maxLatencyMs: -1 })).rejects.toThrow('maxLatencyMs');
});

test('closing twice is one close', async () => {
  const other = await LocalWorld.open({ pagesCount: 1, proxiesCount: 3 });
  await Promise.all([other.close(), other.close()]);
  await other.close();
});
