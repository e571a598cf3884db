import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: [
    'src/index.ts',
    'src/cheerio.ts',
    'src/puppeteer.ts',
    'src/playwright.ts',
    'src/lab.ts',
    'src/cli.ts',
  ],
  format: 'esm',
  platform: 'node',
  fixedExtension: false,
  hash: false,
  dts: { oxc: true, sourcemap: false },
  deps: {
    // Only what the sources use of it is taken in: lighter to load than the package, and one less to install.
    alwaysBundle: ['valibot'],
    onlyBundle: ['valibot'],
  },
  // Editors read doc comments from the declarations.
  outputOptions: { comments: { jsdoc: false } },
  failOnWarn: true,
});

export default config;
