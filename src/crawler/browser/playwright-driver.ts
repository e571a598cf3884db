import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page, Response } from 'playwright-core';
import type { ContextIdentity, DrivenBrowser, LaunchOptions } from './browser-driver.ts';
import { BrowserProcess, removeFolder } from './browser-process.ts';
import { chromiumArgs, chromiumEnv } from './chromium-args.ts';
import { isRoot, launchError, programFor, userArgsOf } from './launcher.ts';
import { LibraryDriver } from './library-driver.ts';
import { PlaywrightContext } from './playwright-context.ts';
import { ProcessGuard } from './process-guard.ts';
import { RunningBrowser } from './running-browser.ts';
import type { ContextEnd } from './running-context.ts';
import { tryFor } from './try-for.ts';

/** A profile that Playwright made, and so one that may be removed. */
const PLAYWRIGHT_PROFILE = /--user-data-dir=(.*?playwright_[a-z]+dev_profile-\w+)/;

/** Drives Chromium with Playwright: the optional package playwright-core, or the user's own launcher. */
export class PlaywrightDriver extends LibraryDriver<Browser, Page, Response> {
  readonly name = 'playwright' as const;

  async launch(options: LaunchOptions): Promise<DrivenBrowser<Page, Response>> {
    const launcher = await this.launcherFor(options.launcher);
    const program = programFor(launcher, options);
    const artifacts = await mkdtemp(path.join(tmpdir(), 'troupe-browser-'));
    const guard = ProcessGuard.start([artifacts]);
    let browser: Browser | undefined;
    try {
      browser = await launcher.launch({
        chromiumSandbox: !isRoot(),
        // The crawler ends on signals in its own time; the guard sees to the rest.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        headless: options.headless,
        artifactsDir: artifacts,
        ...(program === undefined ? {} : { executablePath: program }),
        ...options.launchOptions,
        args: argsFor(options),
        env: chromiumEnv(artifacts, options.launchOptions['env']),
      });
      const { pid, profile } = await inspect(browser);
      if (profile !== undefined) guard.remove(profile);
      const life = new BrowserProcess({
        pid,
        folders: profile === undefined ? [artifacts] : [artifacts, profile],
        guard,
        ...this.limits,
        end: () => (browser as Browser).close(),
      });
      browser.on('disconnected', () => life.gone());
      if (!browser.isConnected()) life.gone();
      return new PlaywrightBrowser(browser, life, this.limits);
    } catch (cause) {
      if (browser)
        await tryFor(this.limits.clock, this.limits.graceMs, () => (browser as Browser).close());
      await removeFolder(artifacts);
      guard.dismiss();
      throw launchError(cause);
    }
  }

  protected loadLibrary(): Promise<unknown> {
    return import('playwright-core');
  }
}

class PlaywrightBrowser extends RunningBrowser<Browser, Page, Response> {
  protected async newContext(
    identity: ContextIdentity,
    proxyServer: string | undefined,
    end: ContextEnd,
  ): Promise<PlaywrightContext> {
    const { userAgent, locale, viewport } = identity;
    const context = await this.browser.newContext({
      locale,
      viewport: { ...viewport },
      ...(userAgent === undefined ? {} : { userAgent }),
      // Chromium would go to loopback addresses directly.
      ...(proxyServer === undefined
        ? {}
        : { proxy: { server: proxyServer, bypass: '<-loopback>' } }),
    });
    return new PlaywrightContext(context, identity, end);
  }
}

function argsFor(options: LaunchOptions): string[] {
  const args = chromiumArgs(userArgsOf(options), { isRoot: isRoot() });
  // With a proxy of the user's own for the whole browser.
  return options.launchOptions['proxy'] === undefined
    ? args
    : args.filter((arg) => arg !== '--no-proxy-server');
}

/** Playwright tells neither the process nor the profile it made, but Chromium does. */
async function inspect(
  browser: Browser,
): Promise<{ pid: number | undefined; profile: string | undefined }> {
  const session = await browser.newBrowserCDPSession();
  const [processes, system] = await Promise.all([
    session.send('SystemInfo.getProcessInfo').catch(() => undefined),
    session.send('SystemInfo.getInfo').catch(() => undefined),
  ]);
  await session.detach();
  return {
    pid: processes?.processInfo.find(({ type }) => type === 'browser')?.id,
    profile: PLAYWRIGHT_PROFILE.exec(system?.commandLine ?? '')?.[1],
  };
}
