import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundleFixture } from '../support/bundle-fixture.ts';

/** A loader under which cheerio is not installed. */
const WITHOUT_CHEERIO = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export function resolve(specifier, context, next) {
      if (!specifier.startsWith('cheerio')) return next(specifier, context);
      throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' });
    }
  \`));
`)}`;

test('without cheerio a CheerioCrawler says what to install', async () => {
  const fixture = await bundleFixture(
    fileURLToPath(new URL('crawler-missing-peer.fixture.ts', import.meta.url)),
    { isImportingPackages: true },
  );
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--import', WITHOUT_CHEERIO, fixture]);
  expect(stdout).toContain('TROUPE_PEER_MISSING');
  expect(stdout).toContain('npm install cheerio');
});
