import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { actorRun } from '../../src/apify/actor-run.ts';
import { events } from '../../src/apify/events.ts';
import { log } from '../../src/apify/log.ts';

/** Each test is an actor with a folder and an environment of its own; what it leaves open is closed. */
export function withActorFolder(): { readonly path: string } {
  const folder = { path: '' };
  let before: NodeJS.ProcessEnv;
  let level: number;

  beforeEach(async () => {
    before = { ...process.env };
    level = log.getLevel();
    log.setLevel(log.LEVELS.OFF);
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('APIFY_') || name.startsWith('TROUPE_')) delete process.env[name];
    }
    folder.path = await mkdtemp(path.join(tmpdir(), 'troupe-apify-'));
    process.env['APIFY_LOCAL_STORAGE_DIR'] = folder.path;
  });

  afterEach(async () => {
    await actorRun.close();
    events.removeAllListeners();
    log.setLevel(level);
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, before);
    await rm(folder.path, { recursive: true, force: true });
  });

  return folder;
}
