import { describe, expect, it } from 'vitest';
import { OptionError } from '../core/errors.ts';
import { type Fingerprint, randomFingerprint } from '../core/fingerprint.ts';
import { SeededRandom } from '../core/random.ts';
import { browserHeaders } from './browser-headers.ts';

const chrome: Fingerprint = { browser: 'chrome', platform: 'windows', locale: 'en-US' };
const url = 'https://example.com/';

describe('browserHeaders', () => {
  it('are those of the browser, in its order and spelling', () => {
    const headers = browserHeaders(chrome, { url });
    expect(Object.keys(headers)).toEqual([
      'sec-ch-ua',
      'sec-ch-ua-mobile',
      'sec-ch-ua-platform',
      'Upgrade-Insecure-Requests',
      'User-Agent',
      'Accept',
      'Sec-Fetch-Site',
      'Sec-Fetch-Mode',
      'Sec-Fetch-User',
      'Sec-Fetch-Dest',
      'Accept-Encoding',
      'Accept-Language',
    ]);
    expect(headers['sec-ch-ua-platform']).toBe('"Windows"');
    expect(headers['Accept-Encoding']).toBe('gzip, deflate, br, zstd');
  });

  it('are the same for the same fingerprint, whichever object holds it', () => {
    expect(browserHeaders({ ...chrome }, { url })).toBe(browserHeaders({ ...chrome }, { url }));
    expect(Object.isFrozen(browserHeaders(chrome, { url }))).toBe(true);
  });

  it('name one version and one platform everywhere', () => {
    for (const browser of ['chrome', 'edge'] as const) {
      for (const platform of ['windows', 'macos', 'linux', 'android'] as const) {
        const headers = browserHeaders({ browser, platform, locale: 'en-US' }, { url });
        const version = /Chrome\/(\d+)/.exec(headers['User-Agent'] ?? '')?.[1];
        expect(headers['sec-ch-ua']).toContain(`"Chromium";v="${version}"`);
        expect(headers['sec-ch-ua-mobile']).toBe(platform === 'android' ? '?1' : '?0');
        expect(headers['User-Agent']?.includes('Mobile')).toBe(platform === 'android');
      }
    }
  });

  it.each([
    [
      'firefox',
      'linux',
      /^Mozilla\/5\.0 \(X11; Linux x86_64; rv:(\d+\.0)\) Gecko\/20100101 Firefox\/\1$/,
    ],
    ['firefox', 'android', /Android .*rv:(\d+\.0)\) Gecko\/\1 Firefox\/\1$/],
    ['safari', 'macos', /Macintosh.* Version\/[\d.]+ Safari\/605\.1\.15$/],
    ['safari', 'ios', /iPhone.* Version\/[\d.]+ Mobile\/15E148 Safari\/604\.1$/],
    ['chrome', 'ios', /iPhone.* CriOS\/[\d.]+ Mobile/],
    ['edge', 'windows', /Windows.* Edg\/[\d.]+$/],
  ] as const)(
    'of %s on %s have its user agent and no client hints unless Chromium',
    (browser, platform, agent) => {
      const headers = browserHeaders({ browser, platform, locale: 'en-US' }, { url });
      expect(headers['User-Agent']).toMatch(agent);
      expect('sec-ch-ua' in headers).toBe(browser === 'edge');
    },
  );

  it('tell the language', () => {
    const of = (browser: 'chrome' | 'firefox', locale: string): string | undefined =>
      browserHeaders({ browser, platform: 'windows', locale }, { url })['Accept-Language'];
    expect(of('chrome', 'en-US')).toBe('en-US,en;q=0.9');
    expect(of('chrome', 'cs-CZ')).toBe('cs-CZ,cs;q=0.9,en-US;q=0.8,en;q=0.7');
    expect(of('firefox', 'de')).toBe('de,en-US;q=0.5,en;q=0.3');
  });

  it('say less to sites without TLS, as browsers do', () => {
    const headers = browserHeaders(chrome, { url: 'http://example.com/' });
    expect(Object.keys(headers).some((name) => /^sec-/i.test(name))).toBe(false);
    expect(headers['Accept-Encoding']).toBe('gzip, deflate');
  });

  it('give way to own ones without moving, whatever their spelling, and others follow', () => {
    const headers = browserHeaders(chrome, {
      url,
      headers: { 'user-agent': 'mine', 'X-Own': '1', ACCEPT: '*/*' },
    });
    const names = Object.keys(headers);
    expect(headers['User-Agent']).toBe('mine');
    expect(headers['Accept']).toBe('*/*');
    expect(names.indexOf('User-Agent')).toBe(4);
    expect(names.at(-1)).toBe('X-Own');
    expect(names.filter((name) => name.toLowerCase() === 'user-agent')).toHaveLength(1);
    expect(browserHeaders(chrome, { url })['User-Agent']).not.toBe('mine');
  });

  it('exist for every fingerprint that is drawn', () => {
    const random = new SeededRandom('headers');
    for (let draw = 0; draw < 200; draw++) {
      expect(browserHeaders(randomFingerprint(random), { url })['User-Agent']).toContain('Mozilla');
    }
  });

  it('do not exist for a browser on a platform it was not made for', () => {
    expect(() => browserHeaders({ ...chrome, browser: 'safari' }, { url })).toThrow(OptionError);
  });
});
