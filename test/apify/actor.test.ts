import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../scripts/bundle.mjs';
import { ROOT } from '../source-files.ts';
import { openProxy } from '../support/local-proxy.ts';
import { listenLocally } from '../support/local-server.ts';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';
import { type ActorHome, bundleApify, openHome } from './actor-process.ts';

const ACTOR = `${ROOT}examples/apify-actor/main.cjs`;

let built: Bundle;
let site: LocalSite;

beforeAll(async () => {
  built = await bundleApify();
  site = await openSite(bookShop());
});

afterAll(async () => {
  await site.close();
  await built.remove();
});

async function writeInput(home: ActorHome, input: object, key = 'INPUT'): Promise<void> {
  const folder = path.join(home.storage, 'key_value_stores/default');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${key}.json`), JSON.stringify(input));
}

async function rowsOf(home: ActorHome): Promise<Record<string, unknown>[]> {
  const folder = path.join(home.storage, 'datasets/default');
  const files = (await readdir(folder)).sort();
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8'))),
  );
}

describe('an actor of a hundred lines', () => {
  it('names Troupe in its import, and nowhere else', async () => {
    const lines = (await readFile(ACTOR, 'utf8')).split('\n');
    expect(lines.filter((line) => /troupe/i.test(line))).toEqual([
      "const Apify = require('troupe/apify');",
    ]);
    expect(lines.length).toBeGreaterThanOrEqual(100);
  });

  it('reads its input, crawls through proxies, and leaves its rows, state and output as files', async () => {
    await using home = await openHome(built);
    await using proxy = await openProxy();
    await writeInput(home, {
      startUrls: [{ url: `${site.url}/` }],
      proxy: { useApifyProxy: false, proxyUrls: [proxy.info.url] },
    });
    const file = await home.write('main.cjs', await readFile(ACTOR, 'utf8'));
    const end = await home.run(file);
    expect(end).toMatchObject({ code: 0, stdout: '8 books\n' });
    expect(end.stderr).toContain(`ERROR ${site.url}/book/3-3 was given up {"retries":2}`);
    const rows = await rowsOf(home);
    expect(rows).toHaveLength(9);
    expect(
      rows.filter((row) => row['price'] === 5 && row['seenThrough'] === '127.0.0.1'),
    ).toHaveLength(8);
    expect(rows.find((row) => row['#error'])?.['url']).toBe(`${site.url}/book/3-3`);
    expect(await home.record('OUTPUT')).toEqual({ books: 8, rows: 9 });
    expect(await home.record('STATE')).toEqual({ bookCount: 8 });
    expect(await home.record('start-urls-REQUEST_LIST_STATE')).toMatchObject({
      nextIndex: 1,
      inProgress: {},
    });
    const pool = await home.record<{ retiredSessionsCount: number; sessions: unknown[] }>(
      'SDK_SESSION_POOL_STATE',
    );
    expect(pool.retiredSessionsCount).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(pool.sessions)).toContain('"books":');
    expect(proxy.seen.length).toBeGreaterThan(0);

    // Everything is handled: started again it has nothing to do.
    expect(await home.run(file)).toMatchObject({ code: 0, stdout: '8 books\n' });
    expect(await rowsOf(home)).toHaveLength(9);
  });

  it('ends with 91 and its error in the log when the input is wrong', async () => {
    await using home = await openHome(built);
    const file = await home.write('main.cjs', await readFile(ACTOR, 'utf8'));
    const end = await home.run(file);
    expect(end.code).toBe(91);
    expect(end.stderr).toContain('The input needs \\"startUrls\\"');
  });
});

describe('Apify.main()', () => {
  const run = async (
    body: string,
    env: Record<string, string> = {},
  ): Promise<
    ReturnType<ActorHome['run']> extends Promise<infer End> ? End & { home: ActorHome } : never
  > => {
    const home = await openHome(built);
    const file = await home.write('main.mjs', `import Apify from 'troupe/apify';\n${body}`);
    return { ...(await home.run(file, [], env)), home } as never;
  };

  it('accepts a synchronous function, and ends the process', async () => {
    const end = await run(`setInterval(() => {}, 1000); Apify.main(() => console.log('ran'));`);
    expect(end).toMatchObject({ code: 0, stdout: 'ran\n', stderr: '' });
  });

  it('waits for what is still being written', async () => {
    const end = await run(`Apify.main(() => {
      Apify.pushData([{ n: 1 }, { n: 2 }]);
      Apify.setValue('OUTPUT', 'text', { contentType: 'text/plain' });
    });`);
    expect(end.code).toBe(0);
    expect(await rowsOf(end.home)).toEqual([{ n: 1 }, { n: 2 }]);
    const output = path.join(end.home.storage, 'key_value_stores/default/OUTPUT.txt');
    expect(await readFile(output, 'utf8')).toBe('text');
  });

  it('ends with 92 when something cannot be saved', async () => {
    const end = await run(`Apify.main(async () => {
      const sessionPool = await Apify.openSessionPool();
      sessionPool.getSession().userData.count = 1n;
    });`);
    expect(end.code).toBe(92);
    expect(end.stderr).toContain('Not everything could be saved');
  });

  it('refuses what is no function', async () => {
    const end = await run('Apify.main({});');
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('Expected `userFunc` to be a function');
  });

  it('chooses ./apify_storage, and tells the environment', async () => {
    const end = await run('Apify.main(() => console.log(process.env.APIFY_LOCAL_STORAGE_DIR));');
    expect(path.basename(end.stdout.trim())).toBe('apify_storage');
  });

  it('warns that there is no platform to store on', async () => {
    const end = await run(`Apify.main(() => {});`, { APIFY_TOKEN: 'secret-token' });
    expect(end.stderr).toContain('`APIFY_TOKEN` is ignored');
    expect(end.stderr).not.toContain('secret-token');
  });

  it('reads the input under the key the environment names, and emits persistState as often as it says', async () => {
    await using home = await openHome(built);
    await writeInput(home, { n: 7 }, 'OTHER');
    const file = await home.write(
      'main.mjs',
      `import Apify from 'troupe/apify';
      Apify.main(async () => {
        console.log((await Apify.getInput()).n);
        await new Promise((resolve) => Apify.events.once('persistState', (data) => { console.log(data); resolve(); }));
        await new Promise((resolve) => Apify.events.once('cpuInfo', ({ isCpuOverloaded }) => { console.log(typeof isCpuOverloaded); resolve(); }));
      });`,
    );
    const env = { APIFY_INPUT_KEY: 'OTHER', APIFY_PERSIST_STATE_INTERVAL_MILLIS: '50' };
    const end = await home.run(file, [], env);
    expect(end).toMatchObject({ code: 0, stdout: '7\n{ isMigrating: false }\nboolean\n' });
  });

  it('hears the platform, and saves before it takes the machine away', async () => {
    await using home = await openHome(built);
    await using platform = await openEventSocket([
      'no JSON',
      JSON.stringify({ name: 'error', data: 'x' }),
      JSON.stringify({ name: 'systemInfo', data: { memory: 5 } }),
      JSON.stringify({ name: 'migrating' }),
    ]);
    const file = await home.write(
      'main.mjs',
      `import Apify from 'troupe/apify';
      Apify.main(async () => {
        const sessionPool = await Apify.openSessionPool();
        sessionPool.getSession();
        Apify.events.on('systemInfo', (data) => console.log(data));
        Apify.events.on('migrating', () => console.log('migrating'));
        await new Promise((resolve) => Apify.events.on('persistState', (data) => { console.log(data); resolve(); }));
        process.kill(process.pid, 'SIGTERM');
        await new Promise(() => {});
      });`,
    );
    const end = await home.run(file, [], { APIFY_ACTOR_EVENTS_WS_URL: platform.url });
    expect(end.stdout).toContain('{ memory: 5 }\nmigrating\n{ isMigrating: true }\n');
    expect(end.code).toBe(143);
    expect(end.stderr).toContain('an event that is no JSON');
    expect(await home.record('SDK_SESSION_POOL_STATE')).toMatchObject({ usableSessionsCount: 1 });
  });

  it('saves on SIGINT: requests in flight go back, pools and lists are kept, the code is 130', async () => {
    await using home = await openHome(built);
    const file = await home.write(
      'main.mjs',
      `import Apify from 'troupe/apify';
      Apify.main(async () => {
        Apify.events.on('aborting', () => console.log('aborting'));
        const requestQueue = await Apify.openRequestQueue();
        await requestQueue.addRequest({ url: process.argv[2] });
        console.log(JSON.stringify(await requestQueue.getInfo()));
        const crawler = new Apify.BasicCrawler({
          requestQueue,
          handleRequestFunction: ({ session }) => {
            session.userData.seen = true;
            console.log('in flight');
            return process.argv[3] ? undefined : new Promise(() => {});
          },
        });
        await crawler.run();
      });`,
    );
    const actor = home.start(file, [`${site.url}/`]);
    await actor.printed('in flight');
    actor.kill('SIGINT');
    const end = await actor.ended;
    expect(end.code).toBe(130);
    expect(end.stdout).toContain('aborting');
    expect(JSON.stringify(await home.record('SDK_SESSION_POOL_STATE'))).toContain('"seen":true');
    const again = await home.run(file, [`${site.url}/`, 'finish']);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('in flight');
  });
});

/** A server of the WebSocket protocol (RFC 6455) that says what it is told and nothing more. */
async function openEventSocket(
  messages: readonly string[],
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer();
  server.on('upgrade', ({ headers }, socket) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    for (const message of messages) {
      socket.write(Buffer.concat([Buffer.from([0x81, message.length]), Buffer.from(message)]));
    }
  });
  const local = await listenLocally(server);
  return {
    url: `ws://127.0.0.1:${local.port}/`,
    [Symbol.asyncDispose]: () => local.close(),
  };
}

/** Three pages of three books; the last book is never let through. */
function bookShop(): SiteHandler {
  return (request, response) => {
    const [, kind = '', key = ''] = request.url?.split('/') ?? [];
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('set-cookie', 'visitor=1; Path=/');
    if (kind === 'book' && key === '3-3') response.end('<title>Access denied</title>');
    else response.end(kind === 'book' ? bookPage(key) : listPage(Number(key || 1)));
  };
}

function listPage(page: number): string {
  const books = [1, 2, 3].map((book) => `<h3><a href="/book/${page}-${book}">Book</a></h3>`);
  const next = page < 3 ? `<li class="next"><a href="/page/${page + 1}">next</a></li>` : '';
  return `<title>Books, page ${page}</title>${books.join('')}${next}<a href="/about">about</a>`;
}

function bookPage(key: string): string {
  return `<title>Book ${key}</title><h1>Book ${key}</h1><p class="price_color">£5.00</p>`;
}
