import type { AddressInfo, Server, Socket } from 'node:net';

/** A listening server of a test, with every connection it ever got. */
export interface LocalServer extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connectionsCount: number;
  /** Connections open now. */
  readonly openConnectionsCount: number;
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>;
  /** Stops listening and cuts every connection. Idempotent. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and keeps count of the connections. */
export async function listenLocally(server: Server): Promise<LocalServer> {
  const open = new Set<Socket>();
  const idleWaiters: (() => void)[] = [];
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      if (open.size === 0) for (const resolve of idleWaiters.splice(0)) resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    port,
    get connectionsCount() {
      return accepted;
    },
    get openConnectionsCount() {
      return open.size;
    },
    idle: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function refusedPort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = await listenLocally(createServer());
  await server.close();
  return server.port;
}
