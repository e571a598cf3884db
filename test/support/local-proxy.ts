import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server } from 'proxy-chain';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';
import { TEST_TLS } from './certificates.ts';
import { type LocalServer, listenLocally } from './local-server.ts';

export interface LocalProxy extends LocalServer {
  readonly info: ProxyInfo;
  /** What was asked of it: `CONNECT host:port` or `GET http://…`. */
  readonly seen: readonly string[];
}

export interface ProxyOptions {
  /** How clients talk to the proxy. @default 'http' */
  readonly protocol?: 'http' | 'https';
  /** Asked for when given; decoded. */
  readonly username?: string;
  readonly password?: string;
}

/** A real forward proxy (proxy-chain) on 127.0.0.1: forwards plain requests and tunnels CONNECT. */
export async function openProxy(options: ProxyOptions = {}): Promise<LocalProxy> {
  const { protocol = 'http', username = '', password = '' } = options;
  const seen: string[] = [];
  const chain = new Server({
    port: 0,
    host: '127.0.0.1',
    ...(protocol === 'https' ? { serverType: 'https', httpsOptions: TEST_TLS } : {}),
    prepareRequestFunction: (details) => {
      seen.push(`${details.request.method} ${details.request.url}`);
      const isAllowed = details.username === username && details.password === password;
      return { requestAuthentication: username !== '' && !isAllowed };
    },
  } as ConstructorParameters<typeof Server>[0]);
  const server = await listenLocally(chain.server as NetServer);
  const closeServer = server.close;
  const close = async (): Promise<void> => {
    chain.closeConnections();
    await closeServer();
  };
  return Object.defineProperties(server as LocalProxy, {
    info: { value: proxyInfo(protocol, server.port, username, password) },
    seen: { value: seen },
    close: { value: close },
    [Symbol.asyncDispose]: { value: close },
  });
}

/** A proxy that is only a socket: accepts, and does what the test says. The default never answers. */
export async function openRawProxy(
  onSocket: (socket: Socket) => void = (socket) => socket.resume(),
): Promise<LocalProxy> {
  const server = await listenLocally(createServer(onSocket));
  return Object.defineProperties(server as LocalProxy, {
    info: { value: proxyInfo('http', server.port) },
    seen: { value: [] },
  });
}

/** The {@link ProxyInfo} of a proxy on 127.0.0.1. User and password are given decoded. */
export function proxyInfo(
  protocol: ProxyInfo['protocol'],
  port: number,
  username = '',
  password = '',
): ProxyInfo {
  const credentials = username
    ? `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
    : '';
  const url = `${protocol}://${credentials}127.0.0.1:${port}`;
  return { url, protocol, hostname: '127.0.0.1', port, username, password };
}
