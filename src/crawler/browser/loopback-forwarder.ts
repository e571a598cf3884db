import { Agent as HttpAgent, type IncomingMessage, type ServerResponse } from 'node:http';
import { globalAgent, Agent as HttpsAgent } from 'node:https';
import type { Server } from 'proxy-chain';
import type { ProxyInfo } from '../../proxy/proxy-info.ts';

/** The `Server` header of answers the forwarder makes itself, because the proxy behind it failed. */
const MARK = 'troupe-forwarder';
/** proxy-chain's own status for credentials that the proxy refused. */
const AUTH_FAILED = 597;

/** A proxy as a browser context takes it: without credentials. */
export interface ForwardedProxy {
  /** Such as `http://127.0.0.1:40123`, or the proxy itself when it asks for nothing. */
  readonly server: string;
  /** Lets go of it. Idempotent; resolves when the listener of the last user is closed. */
  release(): Promise<void>;
}

/**
 * Browsers cannot be given a proxy's credentials, so such proxies (and those reached over TLS, for which Node's
 * certificate authorities count) get a listener on 127.0.0.1 that logs in for them. One for each proxy, shared by
 * the contexts that use it, closed with the last of them.
 */
export class LoopbackForwarders {
  readonly #forwarders = new Map<string, Forwarder>();

  /** Listeners that are open now. */
  get size(): number {
    return this.#forwarders.size;
  }

  async open(proxy: ProxyInfo): Promise<ForwardedProxy> {
    if (!isForwarded(proxy)) {
      const server = `${proxy.protocol}://${proxy.hostname}:${proxy.port}`;
      return { server, release: async () => {} };
    }
    let forwarder = this.#forwarders.get(proxy.url);
    if (!forwarder) {
      forwarder = { users: 0, listening: listen(proxy) };
      this.#forwarders.set(proxy.url, forwarder);
    }
    forwarder.users++;
    const release = this.#releaser(proxy.url, forwarder);
    try {
      const { server } = await forwarder.listening;
      return { server, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #releaser(url: string, forwarder: Forwarder): () => Promise<void> {
    let releasing: Promise<void> | undefined;
    const release = async (): Promise<void> => {
      if (--forwarder.users > 0) return;
      this.#forwarders.delete(url);
      await forwarder.listening.then(
        (listener) => listener.close(),
        () => {},
      );
    };
    return () => {
      releasing ??= release();
      return releasing;
    };
  }
}

interface Forwarder {
  users: number;
  readonly listening: Promise<Listener>;
}

interface Listener {
  readonly server: string;
  close(): Promise<void>;
}

export function isForwarded(proxy: ProxyInfo): boolean {
  return proxy.username !== '' || proxy.password !== '' || proxy.protocol === 'https';
}

/**
 * Whether a page is the forwarder's own word that the proxy failed.
 *
 * @returns the proxy's status where it is known, `null` where it is not, `undefined` for any other page
 */
export function forwarderFailure(response: {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}): 407 | null | undefined {
  if (response.headers['server'] !== MARK) return undefined;
  return response.statusCode === AUTH_FAILED ? 407 : null;
}

async function listen(proxy: ProxyInfo): Promise<Listener> {
  const { Server: ProxyServer } = await import('proxy-chain');
  // Of its own: connections are not shared between proxies, nor between credentials.
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ ...globalAgent.options, keepAlive: true });
  // With an h the proxy resolves names; without, we would.
  const upstreamProxyUrl = proxy.url.replace(/^socks5:/, 'socks5h:');
  const forwarder = new ProxyServer({
    port: 0,
    host: '127.0.0.1',
    authRealm: MARK,
    prepareRequestFunction: () => ({ upstreamProxyUrl, httpAgent, httpsAgent }),
  });
  markOwnAnswers(forwarder);
  await forwarder.listen();
  return {
    server: `http://127.0.0.1:${forwarder.port}`,
    close: async () => {
      await forwarder.close(true);
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/**
 * An answer that is passed on comes with its status text and headers; one that proxy-chain makes itself has its head
 * written by Node, from the status alone.
 */
function markOwnAnswers(forwarder: Server): void {
  forwarder.server.prependListener(
    'request',
    (_request: IncomingMessage, response: ServerResponse) => {
      const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
      response.writeHead = (...args: unknown[]): ServerResponse =>
        args.length > 1 ? writeHead(...args) : writeHead(args[0], { server: MARK });
    },
  );
}
