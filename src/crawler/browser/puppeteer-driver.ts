import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, HTTPResponse, Page } from 'puppeteer-core';
import type { ContextIdentity, DrivenBrowser, LaunchOptions } from './browser-driver.ts';
import { BrowserProcess, removeFolder } from './browser-process.ts';
import { chromiumArgs, chromiumEnv } from './chromium-args.ts';
import { isRoot, launchError, programFor, userArgsOf } from './launcher.ts';
import { LibraryDriver } from './library-driver.ts';
import { ProcessGuard } from './process-guard.ts';
import { PuppeteerContext } from './puppeteer-context.ts';
import { RunningBrowser } from './running-browser.ts';
import type { ContextEnd } from './running-context.ts';

/** Drives Chromium with Puppeteer: the optional package puppeteer-core, or the user's own launcher. */
export class PuppeteerDriver extends LibraryDriver<Browser, Page, HTTPResponse> {
  readonly name = 'puppeteer' as const;

  async launch(options: LaunchOptions): Promise<DrivenBrowser<Page, HTTPResponse>> {
    const launcher = await this.launcherFor(options.launcher);
    const program = programFor(launcher, options);
    const folder = await mkdtemp(path.join(tmpdir(), 'troupe-browser-'));
    const guard = ProcessGuard.start([folder]);
    try {
      const browser = await launcher.launch({
        // How big a page is belongs to its context.
        defaultViewport: null,
        waitForInitialPage: false,
        // The crawler ends on signals in its own time; the guard sees to the rest.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        headless: options.headless,
        // A browser on a pipe ends when the pipe breaks.
        ...(hasDebuggingPort(options) ? {} : { pipe: true }),
        ...(program === undefined ? {} : { executablePath: program }),
        ...(hasProfile(options) ? {} : { userDataDir: path.join(folder, 'profile') }),
        ...options.launchOptions,
        args: chromiumArgs(userArgsOf(options), { isRoot: isRoot() }),
        env: chromiumEnv(folder, options.launchOptions['env']),
      });
      const life = new BrowserProcess({
        pid: browser.process()?.pid,
        folders: [folder],
        guard,
        ...this.limits,
        end: () => browser.close(),
      });
      browser.on('disconnected', () => life.gone());
      return new PuppeteerBrowser(browser, life, this.limits);
    } catch (cause) {
      await removeFolder(folder);
      guard.dismiss();
      throw launchError(cause);
    }
  }

  protected loadLibrary(): Promise<unknown> {
    return import('puppeteer-core');
  }
}

class PuppeteerBrowser extends RunningBrowser<Browser, Page, HTTPResponse> {
  protected async newContext(
    identity: ContextIdentity,
    proxyServer: string | undefined,
    end: ContextEnd,
  ): Promise<PuppeteerContext> {
    const context = await this.browser.createBrowserContext(
      // Chromium would go to loopback addresses directly.
      proxyServer === undefined ? {} : { proxyServer, proxyBypassList: ['<-loopback>'] },
    );
    return new PuppeteerContext(context, identity, end);
  }
}

function hasProfile(options: LaunchOptions): boolean {
  return (
    options.launchOptions['userDataDir'] !== undefined ||
    userArgsOf(options).some((arg) => arg.startsWith('--user-data-dir'))
  );
}

function hasDebuggingPort(options: LaunchOptions): boolean {
  return (
    options.launchOptions['debuggingPort'] !== undefined ||
    userArgsOf(options).some((arg) => arg.startsWith('--remote-debugging-'))
  );
}
