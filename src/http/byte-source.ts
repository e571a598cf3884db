/** Bytes of one response as they come in, to be read once. */
export interface ByteSource {
  /** The next bytes, `null` at the end; without a promise when they are there already. */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
  /** The rest is not wanted. Idempotent. */
  discard(): void;
}
