import { connect, createServer, type Socket } from 'node:net';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';
import { type LocalProxy, proxyInfo } from './local-proxy.ts';
import { listenLocally } from './local-server.ts';

export interface Socks5Options {
  /** Asked for when given; decoded. */
  readonly username?: string;
  readonly password?: string;
  /** Answer every CONNECT with this reply code (RFC 1928 section 6) instead of connecting. */
  readonly replyCode?: number;
}

/** A small real SOCKS5 server (RFC 1928, RFC 1929): CONNECT to IPv4 addresses and names. */
export async function openSocks5Proxy(options: Socks5Options = {}): Promise<LocalProxy> {
  const seen: string[] = [];
  const server = await listenLocally(
    createServer((socket) => {
      serve(socket, options, seen).catch(() => socket.destroy());
    }),
  );
  const info: ProxyInfo = proxyInfo('socks5', server.port, options.username, options.password);
  return Object.defineProperties(server as LocalProxy, {
    info: { value: info },
    seen: { value: seen },
  });
}

async function serve(socket: Socket, options: Socks5Options, seen: string[]): Promise<void> {
  const greeting = await take(socket, 2);
  const methods = await take(socket, greeting[1] as number);
  const method = options.username === undefined ? 0x00 : 0x02;
  if (!methods.includes(method)) {
    socket.end(Buffer.from([5, 0xff]));
    return;
  }
  socket.write(Buffer.from([5, method]));
  if (method === 0x02) {
    const username = await takeText(socket, (await take(socket, 2))[1] as number);
    const password = await takeText(socket, (await take(socket, 1))[0] as number);
    const isAllowed = username === options.username && password === (options.password ?? '');
    socket.write(Buffer.from([1, isAllowed ? 0 : 1]));
    if (!isAllowed) {
      socket.end();
      return;
    }
  }
  const head = await take(socket, 4);
  const host =
    head[3] === 1
      ? [...(await take(socket, 4))].join('.')
      : await takeText(socket, (await take(socket, 1))[0] as number);
  const port = (await take(socket, 2)).readUInt16BE();
  seen.push(`CONNECT ${host}:${port}`);
  if (options.replyCode) {
    socket.end(reply(options.replyCode));
    return;
  }
  const target = connect(port, host, () => {
    socket.write(reply(0));
    socket.pipe(target).pipe(socket);
  });
  target.on('error', () => socket.destroy());
  socket.on('close', () => target.destroy());
  target.on('close', () => socket.destroy());
}

function reply(code: number): Buffer {
  return Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

async function takeText(socket: Socket, length: number): Promise<string> {
  return length === 0 ? '' : (await take(socket, length)).toString();
}

const WAKING = ['readable', 'end', 'close'] as const;

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error('The client went away');
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        for (const event of WAKING) socket.off(event, wake);
        resolve();
      };
      for (const event of WAKING) socket.on(event, wake);
    });
  }
}
