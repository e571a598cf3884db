import { type ChildProcess, fork } from 'node:child_process';
import { SocketWorld, type SocketWorldReport } from '../../src/lab/local/socket-world.ts';
import { resolveWorld } from '../../src/lab/worlds/resolve-world.ts';
import type { ResolvedWorld } from '../../src/lab/worlds/world.ts';

const ROLE = 'TROUPE_BENCH_SOCKET_WORLD';

/** What a crawl needs to know of the world. */
export interface WorldAddress {
  readonly urls: readonly string[];
  readonly proxyUrls: readonly string[];
}

/** A socket world in a process of its own: this script, started once more. */
export async function startWorld(
  world: ResolvedWorld,
  seed: number,
): Promise<{
  address: WorldAddress;
  report(): Promise<SocketWorldReport>;
  close(): void;
}> {
  const child = fork(process.argv[1] ?? '', [], {
    env: { ...process.env, [ROLE]: JSON.stringify({ world, seed }) },
  });
  const address = await messageOf<WorldAddress>(child);
  return {
    address,
    report: () => {
      child.send('report');
      return messageOf<SocketWorldReport>(child);
    },
    close: () => child.disconnect(),
  };
}

/** In the world's process: serves until the parent is gone, and never returns. Elsewhere does nothing. */
export async function serveIfWorld(): Promise<void> {
  const role = process.env[ROLE];
  if (role === undefined) return;
  const given = JSON.parse(role) as { world: ResolvedWorld; seed: number };
  const world = await SocketWorld.open({ world: resolveWorld(given.world), seed: given.seed });
  const urls = Array.from({ length: given.world.pagesCount ?? 0 }, (_, page) =>
    world.pageUrl(page),
  );
  process.on('message', () => process.send?.(world.report()));
  process.send?.({ urls, proxyUrls: world.proxyUrls } satisfies WorldAddress);
  await new Promise((resolve) => process.once('disconnect', resolve));
  process.exit(0);
}

function messageOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`The world ended with ${code}`)));
  });
}
