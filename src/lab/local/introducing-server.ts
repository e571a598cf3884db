import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProxiedSite } from './world-proxy.ts';

/**
 * A web server that knows whose connection each is. Loopback has a single address on some systems, so the source port
 * stands for the address: each proxy introduces the connections it opens.
 */
export class IntroducingServer<Visitor> implements ProxiedSite<Visitor> {
  readonly #server: Server;
  readonly #introduced = new Map<number, { readonly visitor: Visitor }>();

  constructor(answer: RequestListener) {
    this.#server = createServer(answer);
    this.#server.maxConnections = 4_096;
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  introduce(sourcePort: number, visitor: Visitor): () => void {
    const introduction = { visitor };
    this.#introduced.set(sourcePort, introduction);
    return () => {
      // The system may have given the port to another connection meanwhile.
      if (this.#introduced.get(sourcePort) === introduction) this.#introduced.delete(sourcePort);
    };
  }

  /** Who opened the connection; `undefined` for one that nobody introduced. */
  visitorAt(sourcePort: number | undefined): Visitor | undefined {
    return this.#introduced.get(sourcePort ?? 0)?.visitor;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
