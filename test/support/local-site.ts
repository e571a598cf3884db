import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { TEST_TLS } from './certificates.ts';
import { type LocalServer, listenLocally } from './local-server.ts';

export type SiteHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface LocalSite extends LocalServer {
  /** Without a slash at the end, such as `http://127.0.0.1:40123`. */
  readonly url: string;
}

export interface SiteOptions {
  /** `https` has the certificate of certificates.ts; `h2` is https that speaks both HTTP/2 and HTTP/1.1. @default 'http' */
  readonly protocol?: 'http' | 'https' | 'h2';
}

/**
 * A web site on 127.0.0.1. The handler gets every request; a thrown error becomes a 500.
 * Its `localhost` name is another origin than `127.0.0.1`, which is handy for redirects across origins.
 */
export async function openSite(
  handler: SiteHandler,
  options: SiteOptions = {},
): Promise<LocalSite> {
  const protocol = options.protocol ?? 'http';
  const answer: SiteHandler = (request, response) => {
    try {
      handler(request, response);
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  };
  const server = await listenLocally(createSiteServer(protocol, answer));
  const url = `${protocol === 'http' ? 'http' : 'https'}://127.0.0.1:${server.port}`;
  return Object.defineProperty(server as LocalSite, 'url', { value: url });
}

function createSiteServer(protocol: 'http' | 'https' | 'h2', handler: SiteHandler): Server {
  if (protocol === 'http') return createHttpServer(handler);
  if (protocol === 'https') return createHttpsServer(TEST_TLS, handler);
  return createSecureServer({ ...TEST_TLS, allowHTTP1: true }, handler as never) as never;
}
