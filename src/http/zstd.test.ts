import { describe, expect, it } from 'vitest';
import { OutputTooLarge, unzstd } from './zstd.ts';

/** Made by the zstd command. */
const HELLO = 'KLUv/QBYUQAAaGVsbG8genN0ZA==';
const ZEROS_2_MB =
  'KLUv/QRYVAAAEAAAAQD7/znAAgIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAyQEAA7JdNc=';
const WINDOW_1_GB = 'KLUv/QSgXQAAEAAAAgDRb1bAA1haB0R5';
const WINDOW_2_GB = 'KLUv/QSoRQAACAABAOQrIARaB0R5';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

async function decoded(bytes: Uint8Array, { size = 1000, max = 1e9 } = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of unzstd(pieces(bytes, size), max)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

describe('unzstd', () => {
  it('decodes whole, in single bytes, and several frames', async () => {
    expect((await decoded(bytesOf(HELLO))).toString()).toBe('hello zstd');
    expect((await decoded(bytesOf(HELLO), { size: 1 })).toString()).toBe('hello zstd');
    const twice = Buffer.concat([bytesOf(HELLO), bytesOf(HELLO)]);
    expect((await decoded(twice)).toString()).toBe('hello zstdhello zstd');
    expect((await decoded(bytesOf(ZEROS_2_MB), { size: 7 })).length).toBe(2_000_000);
  });

  it('gives nothing for nothing', async () => {
    expect((await decoded(new Uint8Array(0))).length).toBe(0);
  });

  it('stops a bomb at the cap', async () => {
    await expect(decoded(bytesOf(ZEROS_2_MB), { max: 1_000_000 })).rejects.toThrow(OutputTooLarge);
  });

  it.each([WINDOW_1_GB, WINDOW_2_GB])('refuses a window no browser would take', async (base64) => {
    await expect(decoded(bytesOf(base64))).rejects.toThrow();
    await expect(decoded(Buffer.concat([bytesOf(HELLO), bytesOf(base64)]))).rejects.toThrow();
  });

  it('refuses what is cut off or is not zstd', async () => {
    await expect(decoded(bytesOf(HELLO).subarray(0, -3))).rejects.toThrow();
    await expect(decoded(Buffer.from('certainly not compressed'))).rejects.toThrow();
  });
});
