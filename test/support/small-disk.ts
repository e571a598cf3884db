import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory with little room. */
export interface SmallDisk {
  readonly path: string;
  grow(megabytes: number): void;
  remove(): Promise<void>;
}

/** `undefined` where mounting is not permitted. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'troupe-disk-'));
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: 'pipe' });
  };
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path);
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    grow: (room) => run('mount', '-o', `remount,size=${room}m`, path),
    remove: async () => {
      // Lazily: the database's driver lets go of the file when its statements are collected.
      run('umount', '-l', path);
      await rm(path, { recursive: true });
    },
  };
}
