import {
  Agent,
  createServer as createHttpServer,
  type Server as HttpServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** More connections than this at once are dropped: the world is small on purpose. */
const MAX_CONNECTIONS = 512;

/** How a proxy treats its clients. */
export type ProxyManner = 'forwarding' | 'dead' | 'hanging';

/** The one site that proxies lead to. It is told which visitor opens which connection. */
export interface ProxiedSite<Visitor> {
  readonly port: number;
  /** Says whose connection comes from `sourcePort`, until the returned function is called. */
  introduce(sourcePort: number, visitor: Visitor): () => void;
}

/** One proxy of a local world. */
export interface WorldProxy<Visitor> {
  readonly url: string;
  /** Whom the site sees when a request comes through it. */
  readonly visitor: Visitor;
  /** Connections accepted so far; 0 for a dead one, which accepts none. */
  readonly connectionsCount: number;
  close(): Promise<void>;
}

export function openWorldProxy<Visitor>(
  manner: ProxyManner,
  visitor: Visitor,
  site: ProxiedSite<Visitor>,
): Promise<WorldProxy<Visitor>> {
  switch (manner) {
    case 'dead':
      return openDeadProxy(visitor);
    case 'hanging':
      return openListeningProxy(
        visitor,
        createServer((socket) => socket.resume()),
        new Set(),
      );
    default:
      return openForwardingProxy(visitor, site);
  }
}

/**
 * Its port is held by an outgoing connection, so nobody can listen there: connections are refused for as long
 * as the world stands, and no other process gets the port meanwhile.
 */
async function openDeadProxy<Visitor>(visitor: Visitor): Promise<WorldProxy<Visitor>> {
  const sockets = new Set<Socket>();
  const anchor = createServer();
  track(anchor, sockets);
  const anchorPort = await listen(anchor);
  const holder = connect(anchorPort, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    holder.once('connect', resolve);
    holder.once('error', reject);
  });
  holder.on('error', ignore);
  return {
    url: `http://127.0.0.1:${holder.localPort}`,
    visitor,
    connectionsCount: 0,
    close: () => {
      holder.destroy();
      return closeServer(anchor, sockets);
    },
  };
}

function openForwardingProxy<Visitor>(
  visitor: Visitor,
  site: ProxiedSite<Visitor>,
): Promise<WorldProxy<Visitor>> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const tunnels = new Set<Socket>();
  const introduce = (socket: Socket): void => introduceTo(site, socket, visitor);
  const server = createHttpServer((request, response) =>
    forward(request, response, { agent, site, introduce }),
  );
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    client.on('error', ignore);
    if (request.url !== `127.0.0.1:${site.port}`) {
      client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(site.port, '127.0.0.1', () => {
      introduce(upstream);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    keep(tunnels, upstream);
    upstream.on('error', ignore);
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  return openListeningProxy(visitor, server, tunnels, () => agent.destroy());
}

async function openListeningProxy<Visitor>(
  visitor: Visitor,
  server: Server | HttpServer,
  sockets: Set<Socket>,
  onClose: () => void = ignore,
): Promise<WorldProxy<Visitor>> {
  let connectionsCount = 0;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', () => {
    connectionsCount++;
  });
  track(server, sockets);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    visitor,
    get connectionsCount() {
      return connectionsCount;
    },
    close: () => {
      onClose();
      return closeServer(server, sockets);
    },
  };
}

/** A request in absolute form, `GET http://host/path`. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: { agent: Agent; site: { readonly port: number }; introduce: (socket: Socket) => void },
): void {
  const target = URL.canParse(request.url ?? '') ? new URL(request.url as string) : null;
  if (target?.host !== `127.0.0.1:${upstream.site.port}`) {
    response.writeHead(403).end();
    return;
  }
  const forwarded = httpRequest({
    host: '127.0.0.1',
    port: upstream.site.port,
    agent: upstream.agent,
    method: request.method,
    path: target.pathname + target.search,
    headers: endToEndHeaders(request.headers),
  });
  forwarded.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => upstream.introduce(socket));
  });
  forwarded.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEndHeaders(answer.headers));
    answer.pipe(response);
  });
  forwarded.once('error', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.once('close', () => forwarded.destroy());
  request.pipe(forwarded);
}

const HOP_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding']);

function endToEndHeaders(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name)));
}

function introduceTo<Visitor>(site: ProxiedSite<Visitor>, socket: Socket, visitor: Visitor): void {
  const { localPort } = socket;
  if (localPort === undefined) return;
  socket.once('close', site.introduce(localPort, visitor));
}

function listen(server: Server | HttpServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function track(server: Server | HttpServer, sockets: Set<Socket>): void {
  server.on('connection', (socket: Socket) => {
    socket.on('error', ignore);
    keep(sockets, socket);
  });
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

async function closeServer(server: Server | HttpServer, sockets: Set<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
}

function ignore(): void {}
