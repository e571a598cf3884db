import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Installs a Debian package the tests cannot do without.
 *
 * @param why thrown where nothing can be installed
 */
export function installDebianPackage(name: string, why: Error): void {
  if (!existsSync('/usr/bin/apt-get')) throw why;
  process.stderr.write(`The tests need the Debian package ${name}: installing it …\n`);
  run(name, 'update', '-qq');
  run(name, 'install', '-y', '-qq', '--no-install-recommends', name);
}

function run(name: string, ...args: string[]): void {
  const command = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const [program, ...rest] = [...command, ...args] as [string, ...string[]];
  const { status, error, stdout, stderr } = spawnSync(program, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new Error(
    `\`${program} ${rest.join(' ')}\` failed, so ${name} is missing; install it by hand\n${error?.message ?? ''}${stdout}${stderr}`,
  );
}
