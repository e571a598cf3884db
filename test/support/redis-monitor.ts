import { createClient } from '@redis/client';
import type { RedisServer } from './redis-server.ts';

type Client = ReturnType<typeof createClient>;

const LAST = 'the monitor has heard all';
const WORD = /^[A-Z]+$/;
const NUMBER = /^[([]?[-+]?(inf|\d+(\.\d+)?(e[-+]?\d+)?)$/;

/** Hears of every command that a server runs, those of scripts too. */
export class RedisMonitor {
  readonly #server: RedisServer;
  readonly #client: Client;
  readonly #shapes = new Set<string>();
  #noteLast: () => void = () => {};

  private constructor(server: RedisServer, client: Client) {
    this.#server = server;
    this.#client = client;
  }

  static async start(server: RedisServer): Promise<RedisMonitor> {
    const client = createClient({ url: server.url }) as Client;
    await client.connect();
    const monitor = new RedisMonitor(server, client);
    await client.monitor((line) => monitor.#note(String(line)));
    return monitor;
  }

  /** Each kind of command once: the words that may be options are kept, other texts are `x`, and numbers `0`. */
  async stop(): Promise<string[][]> {
    const heardLast = new Promise<void>((resolve) => {
      this.#noteLast = resolve;
    });
    const client = createClient({ url: this.#server.url });
    await client.connect();
    await client.echo(LAST);
    await heardLast;
    await client.close();
    this.#client.destroy();
    return [...this.#shapes].map((shape) => shape.split(' '));
  }

  /** `1700000000.123456 [0 lua] "SET" "key" "value"`. Valkey 8.1 does not escape quotes within the texts. */
  #note(line: string): void {
    const texts = line.slice(line.indexOf('] "') + 3, -1).split('" "');
    const [name = '', ...args] = texts;
    if (args[0] === LAST) this.#noteLast();
    else this.#shapes.add([name.toUpperCase(), ...args.map(shapeOf)].join(' '));
  }
}

function shapeOf(text: string): string {
  if (WORD.test(text)) return text;
  return NUMBER.test(text) ? '0' : 'x';
}
