import type { ByteSource } from './byte-source.ts';
import {
  contentEncodings,
  decodeSmall,
  decodeStream,
  type Encoding,
  isTooLarge,
} from './decompress.ts';
import type { Hop, HopResponse } from './hop.ts';
import type { HttpHop, HttpResponse } from './http-client.ts';
import { HttpError } from './http-error.ts';
import { requestError } from './request-error.ts';

const NO_ENCODINGS: readonly Encoding[] = [];

/** Compressed bodies up to this size are decoded in one go, which costs a fraction of a stream. */
const SMALL_BYTES = 64 * 1024;

/** The final response; its body is decoded and counted on the way out. */
export class ReceivedResponse implements HttpResponse {
  readonly url: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly hops: readonly HttpHop[];
  readonly #hop: Hop;
  readonly #source: ByteSource;
  readonly #encodings: readonly Encoding[];
  readonly #maxBodyBytes: number;
  #isUsed = false;
  #refusal: HttpError | undefined;

  constructor(hop: Hop, response: HopResponse, hops: readonly HttpHop[], maxBodyBytes: number) {
    this.url = hop.url.href;
    this.statusCode = response.statusCode;
    this.statusMessage = response.statusMessage;
    this.headers = response.headers;
    this.hops = hops;
    this.#hop = hop;
    this.#source = response.source;
    this.#maxBodyBytes = maxBodyBytes;
    const hasBody =
      hop.method !== 'HEAD' && response.statusCode !== 204 && response.statusCode !== 304;
    this.#encodings =
      hasBody && response.isEncoded
        ? contentEncodings(response.headers['content-encoding'])
        : NO_ENCODINGS;
    if (hasBody && Number(response.headers['content-length']) > maxBodyBytes) this.#refuse();
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  async bytes(): Promise<Uint8Array> {
    this.#use();
    return this.#encodings.length === 0
      ? joined(await this.#collect(this.#maxBodyBytes))
      : this.#decodedBytes();
  }

  discard(): void {
    this.#isUsed = true;
    this.#source.discard();
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    this.#use();
    const chunks = iterate(this.#source);
    if (this.#encodings.length === 0) yield* this.#counted(chunks);
    else yield* this.#decoded(chunks);
  }

  #use(): void {
    if (this.#refusal) throw this.#refusal;
    if (this.#isUsed) {
      throw requestError('invalid', this.#hop, 'the body was already read or discarded');
    }
    this.#isUsed = true;
  }

  /** All chunks, or those that exceed `maxBytes` by the last one; the flag tells which. */
  async #collect(maxBytes: number): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const next = this.#source.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) return chunks;
      size += chunk.length;
      if (size > maxBytes) throw this.#refuse();
      chunks.push(chunk);
    }
  }

  async #decodedBytes(): Promise<Uint8Array> {
    const start: Uint8Array[] = [];
    let size = 0;
    let isWhole = false;
    while (size <= SMALL_BYTES) {
      const next = this.#source.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) {
        isWhole = true;
        break;
      }
      size += chunk.length;
      start.push(chunk);
    }
    if (isWhole) {
      const small = this.#decodedAtOnce(joined(start));
      if (small) return small;
    }
    const decoded: Uint8Array[] = [];
    for await (const chunk of this.#decoded(chain(start, this.#source))) decoded.push(chunk);
    return joined(decoded);
  }

  #decodedAtOnce(bytes: Uint8Array): Uint8Array | undefined {
    let decoded: Uint8Array | undefined;
    try {
      decoded = decodeSmall(bytes, this.#encodings);
    } catch (error) {
      throw this.#undecodable(error);
    }
    if (decoded && decoded.length > this.#maxBodyBytes) throw this.#refuse();
    return decoded;
  }

  async *#decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#counted(decodeStream(chunks, this.#encodings, this.#maxBodyBytes));
    } catch (error) {
      if (isTooLarge(error)) throw this.#refuse();
      throw error instanceof HttpError ? error : this.#undecodable(error);
    } finally {
      this.#source.discard();
    }
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > this.#maxBodyBytes) throw this.#refuse();
      yield chunk;
    }
  }

  #refuse(): HttpError {
    this.#refusal ??= requestError(
      'too-large',
      this.#hop,
      `the body is larger than ${this.#maxBodyBytes} bytes`,
    );
    this.#source.discard();
    return this.#refusal;
  }

  #undecodable(cause: unknown): HttpError {
    this.#source.discard();
    const encoding = this.#encodings.join(', ');
    return requestError('truncated', this.#hop, `the ${encoding} body is incomplete or corrupt`, {
      cause,
    });
  }
}

async function* iterate(source: ByteSource): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const chunk = await source.read();
      if (chunk === null) return;
      yield chunk;
    }
  } finally {
    source.discard();
  }
}

async function* chain(start: readonly Uint8Array[], rest: ByteSource): AsyncGenerator<Uint8Array> {
  yield* start;
  yield* iterate(rest);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
