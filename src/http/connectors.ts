import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { afterPoll } from './after-poll.ts';
import { ConnectError, connectError } from './connect-error.ts';
import { openHttpTunnel } from './http-tunnel.ts';
import { connectToProxy } from './proxy-socket.ts';
import { openSocks5Tunnel } from './socks5-tunnel.ts';
import { isCut } from './undici-errors.ts';

export interface ConnectorOptions {
  readonly clock: Clock;
  /** Everything until the connection can carry a request. */
  readonly timeoutMs: number;
  readonly ignoreSslErrors: boolean;
  readonly useHttp2: boolean;
}

type BuildConnector = typeof buildConnector;
type Connector = buildConnector.connector;
type Target = buildConnector.Options;

/** A name may have several addresses; each gets this long before the next one is tried. Node's 250 ms cuts off slow hosts. */
const ADDRESS_ATTEMPT_MS = 1000;

/** Straight to the site. */
export function directConnector(build: BuildConnector, options: ConnectorOptions): Connector {
  const connect = build(undiciOptions(options));
  return withTimeout(options, (target, attempt) => {
    const where = `${target.hostname}:${target.port || defaultPort(target)}`;
    return new Promise((resolve, reject) => {
      const socket = connect(target, (error, connected) => {
        if (error) reject(connectError(error, 'target', where));
        else resolve(connected);
      }) as unknown as Socket;
      attempt.use(socket);
    });
  });
}

/** Through a tunnel that the proxy opens: CONNECT or SOCKS5, then TLS with the site inside it where the URL asks for it. */
export function tunnelConnector(
  build: BuildConnector,
  proxy: ProxyInfo,
  options: ConnectorOptions,
): Connector {
  const connectTls = build(undiciOptions(options));
  return withTimeout(options, async (target, attempt) => {
    const host = target.hostname;
    const port = Number(target.port || defaultPort(target));
    const raw = await connectToProxy(proxy, options.ignoreSslErrors, (socket) =>
      attempt.use(socket),
    );
    if (proxy.protocol === 'socks5') await openSocks5Tunnel(raw, proxy, host, port);
    else await openHttpTunnel(raw, proxy, host, port);
    if (target.protocol !== 'https:') return raw;
    return new Promise((resolve, reject) => {
      connectTls({ ...target, httpSocket: raw }, (error, socket) => {
        if (!error) resolve(socket);
        else if (!isCut(error)) reject(connectError(error, 'target', `${host}:${port}`));
        else reject(new ConnectError('proxy', 'the tunnel was cut', { cause: error }));
      });
    });
  });
}

/** To the proxy itself, which is handed whole requests for `http:` sites. */
export function forwardConnector(proxy: ProxyInfo, options: ConnectorOptions): Connector {
  return withTimeout(options, (_target, attempt) =>
    connectToProxy(proxy, options.ignoreSslErrors, (socket) => attempt.use(socket)),
  );
}

/** The sockets one attempt holds, so that they can be let go when its time is up. */
interface Attempt {
  use(socket: Socket): void;
}

function withTimeout(
  { clock, timeoutMs }: ConnectorOptions,
  connect: (target: Target, attempt: Attempt) => Promise<Socket>,
): Connector {
  return (target, callback) => {
    let socket: Socket | undefined;
    const attempt: Attempt = {
      use: (used) => {
        socket = used;
      },
    };
    let isSettled = false;
    let timeout: ConnectError | undefined;
    const giveUp = (): void => {
      if (isSettled) return;
      timeout = new ConnectError('connect-timeout', `no connection after ${timeoutMs / 1000} s`);
      socket?.destroy(timeout);
    };
    const timer = clock.setTimer(() => afterPoll(giveUp), timeoutMs, { isBackground: true });
    connect(target, attempt).then(
      (connected) => {
        isSettled = true;
        timer.cancel();
        callback(null, connected);
      },
      (error: unknown) => {
        isSettled = true;
        timer.cancel();
        socket?.destroy();
        callback(timeout ?? connectError(error, 'target', target.hostname), null);
      },
    );
  };
}

function undiciOptions(options: ConnectorOptions): buildConnector.BuildOptions {
  return {
    timeout: 0,
    allowH2: options.useHttp2,
    rejectUnauthorized: !options.ignoreSslErrors,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  };
}

function defaultPort(target: Target): string {
  return target.protocol === 'https:' ? '443' : '80';
}
