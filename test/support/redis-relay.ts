import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server. It can lose the server's next answer together with the connection, and hold everything up. */
export class RedisRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The server's ends of them. */
  readonly #answering = new Set<Socket>();
  #isLosing = false;
  #isStalled = false;
  #answersLeft = Number.POSITIVE_INFINITY;

  private constructor(port: number) {
    this.#server = createServer((socket) => this.#relay(socket, connect(port, '127.0.0.1')));
  }

  static async start(port: number): Promise<RedisRelay> {
    const relay = new RedisRelay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `redis://127.0.0.1:${port}`;
  }

  /** What is sent next reaches the server, which carries it out; its answer goes nowhere. */
  loseNextAnswer(): void {
    this.#isLosing = true;
  }

  /** From now on nothing gets through, in either direction, and no connection breaks. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What is sent reaches the server, which carries it out; after so many more its answers are held up. */
  stallAnswers(after = 0): void {
    this.#answersLeft = after;
    if (after === 0) for (const socket of this.#answering) socket.pause();
  }

  /** What was held up goes on its way. */
  resume(): void {
    this.#isStalled = false;
    if (this.#answersLeft === 0) this.#answersLeft = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket, server: Socket): void {
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    this.#answering.add(server);
    client.on('data', (chunk) => server.write(chunk));
    if (this.#isStalled) client.pause();
    server.on('data', (chunk) => {
      if (!this.#isLosing) {
        client.write(chunk);
        if (--this.#answersLeft === 0) server.pause();
        return;
      }
      this.#isLosing = false;
      end();
    });
  }
}
