import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorldProcess } from '../../src/lab/local/world-process.ts';
import { bundleCli, type Cli, type CliEnd } from '../support/cli-process.ts';

let cli: Cli;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = await mkdtemp(path.join(os.tmpdir(), 'troupe-cli-'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function runDemo(...args: string[]): Promise<CliEnd & { leftovers: string[] }> {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  const end = await cli.run(['demo', ...args], { env: { TMPDIR: temporary } });
  return { ...end, leftovers: await readdir(temporary) };
}

test('the demo crawls each of the 500 pages once and cleans up, whatever the seed', async () => {
  const [asJson, asText] = await Promise.all([
    runDemo('--json', '--seed', '1'),
    runDemo('--seed', '2'),
  ]);
  const result = JSON.parse(asJson.stdout);
  expect(result.pages).toEqual({
    expected: 500,
    crawled: 500,
    missing: [],
    repeated: [],
    unknown: [],
  });
  expect(result).toMatchObject({ isComplete: true, requestsFailed: 0, outcomes: { ok: 500 } });
  for (const kind of ['blocked', 'throttled', 'proxy', 'timeout', 'target']) {
    expect(result.outcomes[kind], kind).toBeGreaterThan(0);
  }
  expect(result.explained.retiredReason).toBe('blocked');
  const attempts = result.fates.map((fate: { attempts: number }) => fate.attempts);
  expect(attempts.reduce((sum: number, count: number) => sum + count)).toBe(result.attempts);

  expect(asText.stdout).toContain('All 500 pages crawled, each exactly once');
  expect(asText.stdout).toMatch(/attempts +\d+, 1\.\d\d a page/);
  expect(asText.stdout).toMatch(/^ +5 +dead +refuse connections +\d+ +0 +0 +0$/m);
  expect(asText.stdout).toMatch(/Why was session_\w+ retired\?/);
  expect(asText.stdout + asText.stderr).not.toContain('\u001b');

  expect([asJson.code, asText.code]).toEqual([0, 0]);
  expect([asJson.leftovers, asText.leftovers]).toEqual([[], []]);
}, 60_000);

test('Ctrl-C ends the demo with 130, its world and its folder gone', async () => {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  const run = cli.start(['demo'], { env: { TMPDIR: temporary } });
  await run.printed('Crawling a site');
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended;
  expect([code, stdout]).toEqual([130, '']);
  expect(await readdir(temporary)).toEqual([]);
});

test('the world does not outlive a demo that is killed', async () => {
  const temporary = await mkdtemp(path.join(folder, 'tmp-'));
  const run = cli.start(['demo'], { env: { TMPDIR: temporary } });
  await run.printed('Crawling a site');
  run.child.kill('SIGKILL');
  // Standard error is shared with the world: it closes when both are gone.
  expect(await run.ended).toMatchObject({ code: null });
});

test('the same seed makes the same world in another process', async () => {
  const options = { pagesCount: 3, proxiesCount: 40, seed: 5 };
  const command = { script: cli.script, args: ['local-world'] };
  await using one = await WorldProcess.start(command, options);
  await using two = await WorldProcess.start(command, options);
  await using other = await WorldProcess.start(command, { ...options, seed: 6 });
  const fatesOf = async (world: WorldProcess): Promise<string[]> =>
    (await world.report()).proxies.map(({ fate }) => fate);
  expect(await fatesOf(one)).toEqual(await fatesOf(two));
  expect(await fatesOf(one)).not.toEqual(await fatesOf(other));
  expect(await (await fetch(one.startUrl)).text()).toBe(await (await fetch(two.startUrl)).text());
  expect(await one.report()).toMatchObject({ servedCount: 1, unservedPages: [2, 3] });
  const pids = [one.pid, two.pid];
  await Promise.all([one.close(), two.close(), one.close()]);
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('a world that cannot be opened says why', async () => {
  const command = { script: cli.script, args: ['local-world'] };
  await expect(WorldProcess.start(command, { pagesCount: 0 })).rejects.toMatchObject({
    code: 'TROUPE_WORLD_FAILED',
    message: expect.stringContaining('pagesCount'),
  });
});

test('a world that is gone says so when asked', async () => {
  const command = { script: cli.script, args: ['local-world'] };
  await using world = await WorldProcess.start(command, { pagesCount: 1, proxiesCount: 0 });
  process.kill(world.pid, 'SIGKILL');
  await expect(world.report()).rejects.toMatchObject({ code: 'TROUPE_WORLD_FAILED' });
  await expect(world.report()).rejects.toMatchObject({ code: 'TROUPE_WORLD_FAILED' });
  await world.close();
});

test('the world started by hand says that it is not for that', async () => {
  const { code, stderr } = await cli.run(['local-world']);
  expect(code).toBe(1);
  expect(stderr).toContain('started by the demo');
});
