import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { redisProgram } from './redis-program.ts';

const READY = 'Ready to accept connections';
const IN_USE = 'Address already in use';

/** A real Redis of our own, on a free port of this machine, with its files in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #child: ChildProcess;

  private constructor(
    port: number,
    folder: string,
    settings: readonly string[],
    child: ChildProcess,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
    this.#child = child;
  }

  /** `settings` as on the command line, such as `['--requirepass', 'secret']`. Saves nothing unless told to. */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'troupe-redis-'));
    for (;;) {
      const port = await RedisServer.freePort();
      const child = await launch(port, folder, settings);
      // Somebody else may have taken the port in the meantime.
      if (child) return new RedisServer(port, folder, settings, child);
    }
  }

  /** One that was free just now. */
  static async freePort(): Promise<number> {
    // A Cluster's nodes talk on a second port, 10,000 above the first.
    for (;;) {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      server.close();
      await once(server, 'close');
      if (port < 55_000) return port;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Ends the process, by default without a warning. What it has not written to its files is lost. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill(signal);
    await closed;
  }

  /** Starts it again on the same port and folder. */
  async restart(): Promise<void> {
    const child = await launch(this.port, this.#folder, this.#settings);
    if (!child) throw new Error(`Port ${this.port} was taken while the server was down`);
    this.#child = child;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** `undefined` when the port is taken. */
async function launch(
  port: number,
  folder: string,
  settings: readonly string[],
): Promise<ChildProcess | undefined> {
  const base = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn(redisProgram(), [...base, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  // It is read to the end, as a full pipe would stop the server.
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const isReady = await new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    reader.on('line', (line) => {
      lines.push(line);
      if (line.includes(READY)) resolve(true);
    });
    reader.once('close', () => resolve(false));
  });
  if (isReady) return child;
  if (lines.some((line) => line.includes(IN_USE))) return undefined;
  throw new Error(`${redisProgram()} ended before it was ready:\n${lines.join('\n')}`);
}
