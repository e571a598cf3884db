import { isIPv6, type Socket } from 'node:net';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ConnectError } from './connect-error.ts';
import { proxyAuthorization } from './proxy-authorization.ts';
import { Handshake } from './proxy-socket.ts';

const MAX_HEAD_BYTES = 64 * 1024;

/** Asks an HTTP proxy for a tunnel with CONNECT (RFC 9110, 9.3.6). Any 2xx answer is a yes. */
export async function openHttpTunnel(
  socket: Socket,
  proxy: ProxyInfo,
  host: string,
  port: number,
): Promise<void> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const where = `the proxy ${proxy.hostname}:${proxy.port}`;
  const handshake = new Handshake(socket, where);
  handshake.write(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Connection: keep-alive\r\n` +
      `${authorization ? `Proxy-Authorization: ${authorization}\r\n` : ''}\r\n`,
  );
  const head = await handshake.takeUntil('\r\n\r\n', MAX_HEAD_BYTES);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1]);
  if (Number.isNaN(status)) throw new ConnectError('proxy', `${where} does not speak HTTP`);
  if (status < 200 || status > 299) {
    throw new ConnectError('proxy', `${where} answered CONNECT with ${status}`, {
      proxyStatus: status,
    });
  }
}
