import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Bundle, bundle } from '../../scripts/bundle.mjs';

/** How an actor ended. */
export interface ActorEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ActorRun {
  readonly ended: Promise<ActorEnd>;
  /** Resolves when standard output has come to hold the text. */
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** A folder in which actors are run as processes of their own, with `troupe/apify` installed. */
export interface ActorHome extends AsyncDisposable {
  /** Where they keep what they store. */
  readonly storage: string;
  /** Writes a file into it; its ending says how it is loaded: `.mjs` or `.cjs`. */
  write(name: string, code: string): Promise<string>;
  start(file: string, args?: readonly string[], env?: Readonly<Record<string, string>>): ActorRun;
  run(
    file: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<ActorEnd>;
  /** A record of the default key-value store. */
  record<T>(key: string): Promise<T>;
}

/** `troupe/apify`, and what else is named, made once for a test file. */
export async function bundleApify(examples: readonly string[] = []): Promise<Bundle> {
  return bundle(['src/apify.ts', ...examples]);
}

export async function openHome(built: Bundle): Promise<ActorHome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'troupe-actor-'));
  const storage = path.join(folder, 'apify_storage');
  await install(folder, built);
  const start: ActorHome['start'] = (file, args = [], env = {}) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: folder,
      env: { ...cleanEnvironment(), APIFY_LOG_LEVEL: 'WARNING', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }) as ActorEnd);
    return {
      ended,
      kill: (signal) => void child.kill(signal),
      printed: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (stdout.includes(text)) resolve();
          };
          child.stdout.on('data', look);
          look();
          void ended.then(() => reject(new Error(`ended without printing "${text}": ${stderr}`)));
        }),
    };
  };
  return {
    storage,
    async write(name, code) {
      const file = path.join(folder, name);
      await writeFile(file, code);
      return file;
    },
    start,
    run: (file, args, env) => start(file, args, env).ended,
    async record(key) {
      const file = path.join(storage, 'key_value_stores/default', `${key}.json`);
      return JSON.parse(await readFile(file, 'utf8'));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** As npm would have put it there; the packages it needs are found beside the bundle. */
async function install(folder: string, built: Bundle): Promise<void> {
  const target = path.join(folder, 'node_modules/troupe');
  await mkdir(target, { recursive: true });
  const manifest = { name: 'troupe', type: 'module', exports: { './apify': './apify.js' } };
  await writeFile(path.join(target, 'package.json'), JSON.stringify(manifest));
  const url = pathToFileURL(built.outputOf('src/apify.ts')).href;
  const code = `export * from '${url}';\nexport { default } from '${url}';\n`;
  await writeFile(path.join(target, 'apify.js'), code);
}

/** Without what the test runner, or the machine, has of the variables an actor reads. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:APIFY_|TROUPE_|npm_|NO_COLOR|FORCE_COLOR)/.test(name),
  );
  return Object.fromEntries(own);
}
