import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './find-chromium.ts';

describe('finding Chromium', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'troupe-find-'));
    for (const name of ['chromium', 'google-chrome', 'my-chrome']) {
      await writeFile(path.join(folder, name), '#!/bin/sh\n');
      await chmod(path.join(folder, name), 0o755);
    }
    await writeFile(path.join(folder, 'no-program'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes what CHROME_PATH names', () => {
    const program = path.join(folder, 'my-chrome');
    expect(findChromium({ env: { CHROME_PATH: program, PATH: folder } })).toBe(program);
  });

  it('says so when CHROME_PATH names no program, rather than take another', () => {
    for (const name of ['absent', 'no-program', '.']) {
      const env = { CHROME_PATH: path.join(folder, name), PATH: folder };
      expect(() => findChromium({ env })).toThrow(
        expect.objectContaining({ code: 'TROUPE_BROWSER_MISSING' }),
      );
    }
  });

  it('looks through PATH, for Chrome alone when that is asked for', () => {
    const env = { PATH: `/nowhere${path.delimiter}${folder}` };
    expect(findChromium({ env, platform: 'linux' })).toBe(path.join(folder, 'chromium'));
    expect(findChromium({ env, platform: 'linux', brand: 'chrome' })).toBe(
      path.join(folder, 'google-chrome'),
    );
  });

  it('says how to get one when there is none', () => {
    const find = (): string =>
      findChromium({ env: { PROGRAMFILES: 'C:\\None' }, platform: 'win32' });
    expect(find).toThrow(/install one .*CHROME_PATH/);
    expect(find).toThrow(expect.objectContaining({ code: 'TROUPE_BROWSER_MISSING' }));
  });
});
