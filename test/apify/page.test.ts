import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../scripts/bundle.mjs';
import type { SavedPool } from '../../src/apify/session-pool-state.ts';
import { ROOT } from '../source-files.ts';
import { type ActorHome, bundleApify, openHome } from './actor-process.ts';
import { openPlatform, type Platform } from './platform.ts';

const PAGE = path.join(ROOT, '../shared/seed/session-management.md');
const STATE_KEY = 'SDK_SESSION_POOL_STATE';
const KINDS = ['puppeteer', 'cheerio', 'basic', 'solo'] as const;
type Kind = (typeof KINDS)[number];

/** What a page of each kind does to the session that has seen it. */
interface Effects {
  readonly retires: readonly string[];
  readonly marksBad: readonly string[];
}

/** As the blocks are written. `$('title')` is an object and an error is no text, so neither ever equals one. */
const OF_THE_PAGE: Record<Exclude<Kind, 'solo'>, Effects> = {
  puppeteer: { retires: ['blocked', 'forbidden'], marksBad: ['unsure'] },
  cheerio: { retires: ['forbidden'], marksBad: [] },
  basic: { retires: ['forbidden', 'json'], marksBad: [] },
};

const OF_OURS: typeof OF_THE_PAGE = {
  ...OF_THE_PAGE,
  cheerio: { retires: ['blocked', 'forbidden'], marksBad: ['unsure'] },
};

const EXAMPLES = KINDS.map((kind) => `examples/apify/${kind}.ts`);

let built: Bundle;

beforeAll(async () => {
  built = await bundleApify(EXAMPLES);
});

afterAll(() => built.remove());

const hasPage = existsSync(PAGE);

// The page belongs to no clone of this repository; where it lies beside, it is the one that counts.
if (hasPage) {
  const blocks = blocksOf(readFileSync(PAGE, 'utf8'));

  it('finds the four examples on the page', () => {
    expect(Object.keys(blocks)).toEqual(KINDS);
  });

  examplesOf('the page, word for word', OF_THE_PAGE, (home, kind) =>
    home.write(`${kind}.mjs`, kind === 'solo' ? solo(blocks[kind]) : crawl(blocks[kind])),
  );
}

examplesOf('our own examples', OF_OURS, async (_home, kind) =>
  built.outputOf(`examples/apify/${kind}.ts`),
);

function examplesOf(
  title: string,
  effects: typeof OF_THE_PAGE,
  fileFor: (home: ActorHome, kind: Kind) => Promise<string>,
): void {
  describe(title, { timeout: 90_000 }, () => {
    for (const kind of ['puppeteer', 'cheerio', 'basic'] as const) {
      it(`${kind}: sessions are judged, turn over, and keep proxy and cookies over a restart`, async () => {
        await using platform = await openPlatform();
        await using home = await openHome(built);
        const file = await fileFor(home, kind);
        const seeded = await seed(home);
        const kinds = [
          'page',
          'blocked',
          'unsure',
          'forbidden',
          ...(kind === 'basic' ? ['json'] : []),
        ];

        const first = await visit(platform, home, file, kinds, 1);
        const { retires, marksBad } = effects[kind];
        for (const name of kinds) {
          const saved = first.saved.sessions.find(({ id }) => id === first.sessionOf(`/${name}/1`));
          if (retires.includes(name)) expect([name, saved]).toEqual([name, undefined]);
          else expect([name, saved?.errorScore]).toEqual([name, marksBad.includes(name) ? 1 : 0]);
          if (saved) expect(saved.usageCount).toBe(1);
        }
        const gone = seeded.filter((id) => !first.saved.sessions.some((kept) => kept.id === id));
        expect(gone).toHaveLength(retires.length);
        expect(first.saved.retiredSessionsCount).toBe(retires.length);
        const good = first.saved.sessions.find(({ id }) => id === first.sessionOf('/page/1'));
        expect(JSON.stringify(good?.cookieJar)).toContain('"key":"last"');

        const second = await visit(platform, home, file, ['page'], 4);
        const used = second.passages.map(({ username }) => username.replace('session-', ''));
        expect(used.filter((id) => gone.includes(id))).toEqual([]);
        expect(second.saved.sessions).toHaveLength(100);
        expect(seeded).not.toEqual(second.saved.sessions.map(({ id }) => id));
      });
    }

    it('solo: the session is there at once, retirement is final, and the pool is saved', async () => {
      await using home = await openHome(built);
      const file = await fileFor(home, 'solo');
      const end = await home.run(file);
      expect(end).toMatchObject({ code: 0, stderr: '' });
      const saved = await home.record<SavedPool>(STATE_KEY);
      expect(saved).toEqual({ usableSessionsCount: 0, retiredSessionsCount: 1, sessions: [] });
    });
  });
}

/** Runs an example on `count` pages of each kind, and checks what is true of every request. */
async function visit(
  platform: Platform,
  home: ActorHome,
  file: string,
  kinds: readonly string[],
  count: number,
): Promise<{
  saved: SavedPool;
  passages: Platform['passages'];
  sessionOf(path: string): string | undefined;
}> {
  const before = { visits: platform.visits.length, passages: platform.passages.length };
  const from = before.visits + 1;
  const numbers = Array.from({ length: count }, (_, n) => (count === 1 ? 1 : from + n));
  const urls = kinds.flatMap((kind) => numbers.map((n) => `${platform.site.url}/${kind}/${n}`));
  const end = await home.run(file, urls, platform.env);
  expect(end).toMatchObject({ code: 0, stderr: '' });
  const visits = platform.visits.slice(before.visits);
  const passages = platform.passages.slice(before.passages);
  expect(visits.map((seen) => seen.path).sort()).toEqual(passages.map((seen) => seen.path).sort());
  // Each page was handled at the first go; a crawler that judges statuses itself tries those once more.
  const tried = new Map<string, number>();
  for (const { path: seen } of visits) tried.set(seen, (tried.get(seen) ?? 0) + 1);
  const again = [...tried].filter(([, times]) => times > 1).map(([seen]) => seen);
  const isJudged = kinds.includes('forbidden') && !kinds.includes('json');
  expect(tried.size).toBe(urls.length);
  expect(again).toEqual(isJudged ? ['/forbidden/1'] : []);
  for (const { username } of passages) expect(username).toMatch(/^session-\w+$/);
  // A session has brought its own cookie, and no other has.
  for (const [index, { path: seen, cookie }] of visits.entries()) {
    const nth = visits.slice(0, index).filter((earlier) => earlier.path === seen).length;
    const { username } = passages.filter((passage) => passage.path === seen)[nth] ?? {
      username: '',
    };
    const id = username.replace('session-', '');
    if (id.startsWith('seeded')) expect(cookie).toContain(`visitor=${id}`);
    else expect(cookie).not.toContain('visitor=');
  }
  return {
    saved: await home.record<SavedPool>(STATE_KEY),
    passages,
    sessionOf: (seen) => passages.find((p) => p.path === seen)?.username.replace('session-', ''),
  };
}

/** A full pool as the original saves it, so that every request meets a session that was here before. */
async function seed(home: ActorHome): Promise<string[]> {
  const now = Date.now();
  const ids = Array.from({ length: 100 }, (_, n) => `seeded_${n}`);
  const sessions = ids.map((id) => ({
    id,
    cookieJar: {
      version: 'tough-cookie@4.0.0',
      storeType: 'MemoryCookieStore',
      rejectPublicSuffixes: true,
      cookies: [{ key: 'visitor', value: id, domain: '127.0.0.1', path: '/', hostOnly: true }],
    },
    userData: {},
    maxErrorScore: 3,
    errorScoreDecrement: 0.5,
    expiresAt: new Date(now + 3_000_000).toISOString(),
    createdAt: new Date(now).toISOString(),
    usageCount: 0,
    maxUsageCount: 50,
    errorScore: 0,
  }));
  const folder = path.join(home.storage, 'key_value_stores/default');
  await mkdir(folder, { recursive: true });
  const state = { usableSessionsCount: 100, retiredSessionsCount: 0, sessions };
  await writeFile(path.join(folder, `${STATE_KEY}.json`), JSON.stringify(state));
  return ids;
}

function blocksOf(page: string): Record<Kind, string> {
  const blocks = [...page.matchAll(/^```javascript\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  return Object.fromEntries(blocks.map((block, index) => [KINDS[index], block])) as never;
}

/** What the page leaves out: the import, the queue with its URLs, and running the crawler. */
function crawl(block: string): string {
  return `import Apify from 'troupe/apify';
const requestQueue = await Apify.openRequestQueue();
for (const url of process.argv.slice(2)) await requestQueue.addRequest({ url });
${block}
await crawler.run();
`;
}

function solo(block: string): string {
  return `import Apify from 'troupe/apify';\n${block}`;
}
