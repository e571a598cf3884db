import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { TroupeError } from '../../core/errors.ts';

export interface FindChromiumOptions {
  /** Only Google Chrome itself will do. @default any Chromium */
  readonly brand?: 'chrome';
  /** @default the process's own */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** @default the one we run on */
  readonly platform?: NodeJS.Platform;
}

const CHROME_NAMES = ['google-chrome-stable', 'google-chrome', 'chrome'];
const CHROMIUM_NAMES = ['chromium', 'chromium-browser'];

const HOW_TO_GET_ONE =
  'install one (Debian, Ubuntu: apt-get install chromium; macOS: brew install --cask chromium; elsewhere: https://www.google.com/chrome), or set CHROME_PATH to its program';

/**
 * The browser to start: what `CHROME_PATH` says, else the system's Chromium or Chrome, in `PATH` or where its
 * installer puts it.
 *
 * @throws TroupeError `TROUPE_BROWSER_MISSING`
 */
export function findChromium(options: FindChromiumOptions = {}): string {
  const { brand, env = process.env, platform = process.platform } = options;
  const named = env['CHROME_PATH'];
  if (named) {
    if (isProgram(named)) return named;
    throw new TroupeError(
      'TROUPE_BROWSER_MISSING',
      `CHROME_PATH names ${named}, which is no program that can be run; correct it, or unset it to use the system's browser`,
    );
  }
  const found = [...inPath(brand, env, platform), ...wellKnown(brand, env, platform)].find(
    isProgram,
  );
  if (found) return found;
  const what = brand === 'chrome' ? 'Google Chrome' : 'Chromium or Chrome';
  throw new TroupeError('TROUPE_BROWSER_MISSING', `No ${what} was found; ${HOW_TO_GET_ONE}`);
}

type Env = NonNullable<FindChromiumOptions['env']>;

function inPath(brand: 'chrome' | undefined, env: Env, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return [];
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const names = brand === 'chrome' ? CHROME_NAMES : [...CHROMIUM_NAMES, ...CHROME_NAMES];
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
}

function wellKnown(brand: 'chrome' | undefined, env: Env, platform: NodeJS.Platform): string[] {
  const chrome = chromePaths(env, platform);
  return brand === 'chrome' ? chrome : [...chromiumPaths(env, platform), ...chrome];
}

function chromePaths(env: Env, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return windowsPaths(env, 'Google\\Chrome\\Application\\chrome.exe');
  if (platform === 'darwin') return macPaths('Google Chrome');
  return ['/usr/bin/google-chrome-stable', '/usr/bin/google-chrome', '/opt/google/chrome/chrome'];
}

function chromiumPaths(env: Env, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return windowsPaths(env, 'Chromium\\Application\\chrome.exe');
  if (platform === 'darwin') return macPaths('Chromium');
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/snap/bin/chromium'];
}

function windowsPaths(env: Env, program: string): string[] {
  return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
    .map((name) => env[name])
    .filter((folder) => folder !== undefined)
    .map((folder) => `${folder}\\${program}`);
}

function macPaths(name: string): string[] {
  const program = `Applications/${name}.app/Contents/MacOS/${name}`;
  return [`/${program}`, path.join(homedir(), program)];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
