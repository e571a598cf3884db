/** More output than was allowed. */
export class OutputTooLarge extends Error {}

/** The window every decoder of web content must support, and the largest one that a sender may ask for (RFC 9659). */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;

/** How much is decoded before the output is handed on: four bytes of input can make 128 kB. */
const SLICE_BYTES = 1024;

/** What fzstd keeps of the frame it is in; its window is allocated before we hear of it, but not touched yet. */
interface FrameState {
  readonly s?: number | { readonly w?: Uint8Array };
}

/**
 * Decodes Zstandard (RFC 8878), which zlib of Node 20 cannot.
 * @throws OutputTooLarge as soon as more than `maxBytes` came out
 * @throws when the input is incomplete or corrupt
 */
export async function* unzstd(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let size = 0;
  let output: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => {
    const state = (decoder as unknown as FrameState).s;
    if (typeof state === 'object' && (state.w?.length ?? 0) > MAX_WINDOW_BYTES) {
      throw new Error(`The zstd window is larger than ${MAX_WINDOW_BYTES} bytes`);
    }
    size += bytes.length;
    if (size > maxBytes) throw new OutputTooLarge();
    // The decoder reuses nothing it hands out, except the empty end.
    if (bytes.length > 0) output.push(bytes);
  });
  let isEmpty = true;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
      isEmpty = false;
      decoder.push(chunk.subarray(start, start + SLICE_BYTES));
      yield* output;
      output = [];
    }
  }
  if (isEmpty) return;
  decoder.push(new Uint8Array(0), true);
  yield* output;
}
