import { describe, expect, it } from 'vitest';
import { launchError, launcherOf, loadPeer, programFor } from './launcher.ts';

describe('the user’s launcher', () => {
  const launcher = { launch: async () => 'a browser' };

  it('is found in a library, a browser type, and a whole module of either', () => {
    const givens = [
      launcher,
      { chromium: launcher },
      { default: launcher },
      { default: { chromium: launcher } },
      Object.assign(() => {}, launcher),
    ];
    for (const given of givens) expect(launcherOf(given).launch).toBe(launcher.launch);
  });

  it('is refused when it cannot launch', () => {
    for (const given of [{}, null, 'puppeteer', { chromium: {} }]) {
      expect(() => launcherOf(given)).toThrow(/`launchContext.launcher` to be `puppeteer`/);
    }
  });

  it('brings its own browser, unless another one is named', () => {
    const own = { ...launcher, executablePath: () => process.execPath };
    const options = { executablePath: undefined, launcher: own, headless: true, launchOptions: {} };
    const named = { ...options, launchOptions: { executablePath: '/bin/sh' } };
    expect(programFor(own, named)).toBe('/bin/sh');
    expect(programFor(own, { ...named, executablePath: '/bin/ls' })).toBe('/bin/ls');
    if (!process.env['CHROME_PATH']) expect(programFor(own, options)).toBeUndefined();
    const channel = { ...options, launcher: undefined, launchOptions: { channel: 'chrome' } };
    expect(programFor(launcher, channel)).toBeUndefined();
  });
});

describe('a library that is not installed', () => {
  it('is named, with the command that installs it', async () => {
    const name = 'a-package-that-is-not-there';
    await expect(loadPeer('PuppeteerCrawler', name, () => import(name))).rejects.toMatchObject({
      code: 'TROUPE_PEER_MISSING',
      message: `PuppeteerCrawler needs the package ${name}; install it with: npm install ${name}`,
    });
  });
});

describe('a start that fails', () => {
  it('says why in one line, and keeps the browser’s log as its cause', () => {
    const cause = new Error(
      'Failed to launch the browser process!\n[1:2] No usable sandbox!\nmore',
    );
    const error = launchError(cause);
    expect(error).toMatchObject({ code: 'TROUPE_BROWSER_FAILED', cause });
    expect(error.message).toMatch(/^The browser did not start: Failed to launch .*--no-sandbox/);
    expect(error.message).not.toContain('\n');
  });
});
