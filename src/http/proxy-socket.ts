import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ConnectError, connectError } from './connect-error.ts';

/** Opens a connection to the proxy itself, TLS included where the proxy is an `https:` one. `onSocket` gets it before it is connected. */
export function connectToProxy(
  proxy: ProxyInfo,
  ignoreSslErrors: boolean,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const isTls = proxy.protocol === 'https';
  return new Promise((resolve, reject) => {
    const socket = isTls
      ? connectTls({
          host,
          port: proxy.port,
          rejectUnauthorized: !ignoreSslErrors,
          ...(isIP(host) ? {} : { servername: host }),
        })
      : connectTcp({ host, port: proxy.port });
    // Whoever waits hears of errors by listeners of its own; in between an error must not end the process.
    socket.on('error', () => {});
    onSocket(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    const onError = (error: Error): void => {
      socket.off('close', onClose);
      reject(connectError(error, 'proxy', `the proxy ${proxy.hostname}:${proxy.port}`));
    };
    const onClose = (): void => {
      reject(new ConnectError('proxy', `the proxy ${proxy.hostname}:${proxy.port} hung up`));
    };
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve(socket);
    });
  });
}

/** Takes bytes off a socket during a handshake, and leaves what comes after it to whoever is next. */
export class Handshake {
  readonly #socket: Socket;
  readonly #what: string;

  constructor(socket: Socket, what: string) {
    this.#socket = socket;
    this.#what = what;
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** Exactly so many bytes. */
  async take(length: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.#socket.read(length) as Buffer | null;
      if (bytes?.length === length) return bytes;
      if (bytes) this.#socket.unshift(bytes);
      await this.#change();
    }
  }

  /** Everything up to and including the marker. */
  async takeUntil(marker: string, maxBytes: number): Promise<Buffer> {
    let seen: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (!chunk) {
        await this.#change();
        continue;
      }
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const end = seen.indexOf(marker);
      if (end !== -1) {
        const rest = seen.subarray(end + marker.length);
        if (rest.length > 0) this.#socket.unshift(rest);
        return seen.subarray(0, end + marker.length);
      }
      if (seen.length > maxBytes) throw new ConnectError('proxy', `${this.#what} sent too much`);
    }
  }

  /** Waits until there may be more to read. */
  #change(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      if (socket.destroyed || socket.readableEnded) {
        reject(socket.errored ?? this.#hungUp());
        return;
      }
      const settle = (action: () => void): void => {
        socket.off('readable', onReadable);
        socket.off('end', onEnd);
        socket.off('close', onEnd);
        socket.off('error', onError);
        action();
      };
      const onReadable = (): void => settle(resolve);
      const onEnd = (): void => settle(() => reject(this.#hungUp()));
      const onError = (error: Error): void =>
        settle(() => reject(connectError(error, 'proxy', this.#what)));
      socket.on('readable', onReadable);
      socket.on('end', onEnd);
      socket.on('close', onEnd);
      socket.on('error', onError);
    });
  }

  #hungUp(): ConnectError {
    return new ConnectError('proxy', `${this.#what} hung up during the handshake`);
  }
}
