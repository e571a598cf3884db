import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { luaText } from './scripts/lua-text.mjs';
import { SlowFilesFirst } from './test/setup/slow-files-first.ts';

const source = (file: string): string => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

const config: ViteUserConfig = defineConfig({
  plugins: [luaText],
  resolve: {
    alias: [
      { find: /^troupe$/, replacement: source('index.ts') },
      { find: /^troupe\/cheerio$/, replacement: source('cheerio.ts') },
      { find: /^troupe\/puppeteer$/, replacement: source('puppeteer.ts') },
      { find: /^troupe\/playwright$/, replacement: source('playwright.ts') },
      { find: /^troupe\/apify$/, replacement: source('apify.ts') },
      { find: /^troupe\/lab$/, replacement: source('lab.ts') },
      { find: /^troupe\/redis$/, replacement: source('redis.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/setup/chromium.ts', 'test/setup/redis.ts'],
    pool: 'threads',
    isolate: false,
    // One more than there are cores, as the longest tests spend a third of their time waiting for other processes.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowFilesFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts'] },
  },
});

export default config;
