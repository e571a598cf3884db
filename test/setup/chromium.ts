import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium } from '../../src/crawler/browser/find-chromium.ts';

/** Brings the Chromium that the browser tests drive. Costs nothing where one is there already. */
export function setup(): void {
  const missing = whyMissing();
  if (!missing) return;
  if (process.env['CHROME_PATH'] || !existsSync('/usr/bin/apt-get')) throw missing;
  process.stderr.write('The tests need Chromium: installing the Debian package chromium …\n');
  run('update', '-qq');
  run('install', '-y', '-qq', '--no-install-recommends', 'chromium');
  findChromium();
}

function whyMissing(): Error | undefined {
  try {
    findChromium();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function run(...args: string[]): void {
  const command = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const [program, ...rest] = [...command, ...args] as [string, ...string[]];
  const { status, error, stdout, stderr } = spawnSync(program, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new Error(
    `\`${program} ${rest.join(' ')}\` failed, so Chromium is missing; install it by hand, or set CHROME_PATH\n${error?.message ?? ''}${stdout}${stderr}`,
  );
}
