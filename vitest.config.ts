import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const source = (file: string): string => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^troupe$/, replacement: source('index.ts') },
      { find: /^troupe\/cheerio$/, replacement: source('cheerio.ts') },
      { find: /^troupe\/puppeteer$/, replacement: source('puppeteer.ts') },
      { find: /^troupe\/playwright$/, replacement: source('playwright.ts') },
      { find: /^troupe\/lab$/, replacement: source('lab.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/setup/chromium.ts'],
    pool: 'threads',
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts'] },
  },
});

export default config;
