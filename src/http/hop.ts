import type { ByteSource } from './byte-source.ts';
import type { Deadline } from './deadline.ts';
import type { HttpRequest } from './http-client.ts';

/** One request on the wire: a redirect makes another one. */
export interface Hop {
  /** Without credentials. */
  readonly url: URL;
  /** Upper case. */
  readonly method: string;
  /** Name, value, name, value: everything to send, cookies included. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | undefined;
  /** Proxy, limits and switches, the same for all hops. */
  readonly request: HttpRequest;
  readonly deadline: Deadline;
}

/** The answer to one hop; the body has only begun to come. */
export interface HopResponse {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Lower-case names. */
  readonly headers: Record<string, string | string[]>;
  readonly source: ByteSource;
  /** The source still has to be decoded as `content-encoding` says. */
  readonly isEncoded: boolean;
}

/** What a client does for one hop. @throws HttpError */
export type SendHop = (hop: Hop) => Promise<HopResponse>;
