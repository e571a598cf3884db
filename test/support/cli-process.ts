import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundleFixture } from './bundle-fixture.ts';

const ENTRY = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** How a command ended. */
export interface CliEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export interface CliRun {
  readonly child: ChildProcess;
  readonly ended: Promise<CliEnd>;
  /** Resolves when standard error has come to hold the text. */
  printed(text: string): Promise<void>;
}

export interface CliSettings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line, bundled and run as processes of its own. */
export interface Cli extends AsyncDisposable {
  /** Path of the script. */
  readonly script: string;
  start(args: readonly string[], settings?: CliSettings): CliRun;
  run(args: readonly string[], settings?: CliSettings): Promise<CliEnd>;
}

export async function bundleCli(): Promise<Cli> {
  const script = await bundleFixture(ENTRY);
  const running = new Set<ChildProcess>();
  const start = (args: readonly string[], settings: CliSettings = {}): CliRun => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: settings.cwd,
      env: { ...cleanEnvironment(), ...settings.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    return observe(child);
  };
  return {
    script,
    start,
    run: (args, settings) => start(args, settings).ended,
    async [Symbol.asyncDispose]() {
      const ends = [...running].map((child) => once(child, 'close'));
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(ends);
    },
  };
}

function observe(child: ChildProcess): CliRun {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }) as CliEnd);
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stderr.includes(text)) return;
        child.stderr?.off('data', look);
        resolve();
      };
      child.stderr?.on('data', look);
      look();
      void ended.then(() => reject(new Error(`ended without printing "${text}": ${stderr}`)));
    });
  return { child, ended, printed };
}

/** Without what the test runner or the shell around it adds. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const {
    NO_COLOR: _a,
    FORCE_COLOR: _b,
    TROUPE_LOG_LEVEL: _c,
    npm_command: _d,
    ...env
  } = process.env;
  return env;
}
