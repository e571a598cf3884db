import { describe, expect, it } from 'vitest';
import { chromiumArgs } from './chromium-args.ts';

describe('the switches of Chromium', () => {
  const isRoot = false;

  it('put the user’s own last, where they win', () => {
    const args = chromiumArgs(['--lang=cs', '--mute-audio'], { isRoot });
    expect(args.slice(-2)).toEqual(['--lang=cs', '--mute-audio']);
  });

  it('leave the sandbox on, except for root', () => {
    expect(chromiumArgs([], { isRoot })).not.toContain('--no-sandbox');
    expect(chromiumArgs([], { isRoot: true })).toContain('--no-sandbox');
  });

  it('go without the system’s proxy, unless the user names one', () => {
    expect(chromiumArgs([], { isRoot })).toContain('--no-proxy-server');
    expect(chromiumArgs(['--proxy-server=http://h:1'], { isRoot })).not.toContain(
      '--no-proxy-server',
    );
  });

  it('switch off the user’s features beside our own', () => {
    const args = chromiumArgs(['--disable-features=A,B', '--disable-features=C'], { isRoot });
    const switches = args.filter((arg) => arg.startsWith('--disable-features='));
    expect(switches).toHaveLength(1);
    expect(switches[0]).toMatch(/,A,B,C$/);
  });
});
