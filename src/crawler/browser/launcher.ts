import { existsSync } from 'node:fs';
import { OptionError, TroupeError } from '../../core/errors.ts';
import type { LaunchOptions } from './browser-driver.ts';
import { findChromium } from './find-chromium.ts';

/** Whatever can start a browser: a library, one of its browser types, or a patched build. */
export interface Launcher<Browser> {
  launch(options: Record<string, unknown>): Promise<Browser>;
  /** Program of the browser that came with it, if any did. */
  executablePath?(): string;
}

type Loose = Readonly<Record<string, unknown>>;

/**
 * The user's own launcher.
 *
 * @throws OptionError when it cannot launch anything
 */
export function launcherOf<Browser>(given: unknown): Launcher<Browser> {
  const candidates = [given, inside(given, 'chromium'), inside(given, 'default')];
  const nested = inside(inside(given, 'default'), 'chromium');
  const launcher = [...candidates, nested].find(
    (candidate) => typeof inside(candidate, 'launch') === 'function',
  );
  if (launcher) return launcher as Launcher<Browser>;
  throw new OptionError(
    'launchContext.launcher',
    'Expected `launchContext.launcher` to be `puppeteer`, `playwright`, one of its browser types, or anything else with a `launch` method',
  );
}

function inside(value: unknown, name: string): unknown {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? (value as Loose)[name] : undefined;
}

/** @throws TroupeError `TROUPE_PEER_MISSING` */
export async function loadPeer<Module>(
  crawler: string,
  name: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new TroupeError(
      'TROUPE_PEER_MISSING',
      `${crawler} needs the package ${name}; install it with: npm install ${name}`,
      { cause },
    );
  }
}

/**
 * Which program to start: the one that was asked for, the one that came with the user's own library, or the system's.
 *
 * @returns `undefined` where the library knows by itself
 * @throws TroupeError `TROUPE_BROWSER_MISSING`
 */
export function programFor(
  launcher: Launcher<unknown>,
  { executablePath, launchOptions, launcher: given }: LaunchOptions,
): string | undefined {
  if (executablePath !== undefined) return existing(executablePath);
  if (typeof launchOptions['executablePath'] === 'string') {
    return existing(launchOptions['executablePath']);
  }
  if (launchOptions['channel'] !== undefined) return undefined;
  if (given !== undefined && !process.env['CHROME_PATH'] && hasOwnBrowser(launcher)) {
    return undefined;
  }
  return findChromium();
}

function existing(program: string): string {
  if (existsSync(program)) return program;
  throw new TroupeError(
    'TROUPE_BROWSER_MISSING',
    `There is no browser at ${program}; correct \`executablePath\`, or leave it out to use the system's browser`,
  );
}

function hasOwnBrowser(launcher: Launcher<unknown>): boolean {
  try {
    const program = launcher.executablePath?.();
    return typeof program === 'string' && existsSync(program);
  } catch {
    return false;
  }
}

/** Arguments of the user, of which there may be none. */
export function userArgsOf({ launchOptions }: LaunchOptions): readonly string[] {
  const { args } = launchOptions as { args?: unknown };
  return Array.isArray(args) ? args.map(String) : [];
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A start that failed. The library's texts hold the browser's own log. */
export function launchError(cause: unknown): TroupeError {
  if (cause instanceof TroupeError) return cause;
  const { message } = cause instanceof Error ? cause : new Error(String(cause));
  const first = message.split('\n').find((line) => line.trim() !== '') ?? 'no reason was given';
  const hint = /sandbox/i.test(message)
    ? "; its sandbox cannot be used here: pass `launchOptions: { args: ['--no-sandbox'] }` if you trust the pages"
    : '';
  return new TroupeError('TROUPE_BROWSER_FAILED', `The browser did not start: ${first}${hint}`, {
    cause,
  });
}
