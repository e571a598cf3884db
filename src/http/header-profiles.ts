import type { Fingerprint } from '../core/fingerprint.ts';

/** The browsers' current versions. To update: take them, and the brand lists below, from the browsers themselves. */
const VERSIONS = {
  chromium: '151',
  firefox: '150',
  safari: '26.5',
  iosDevice: '18_7',
} as const;

/** Chromium's list of brands; the made-up one and the order change with every version. */
const CHROME_BRANDS = brands('Google Chrome');
const EDGE_BRANDS = brands('Microsoft Edge');

/** A header, with `secure` ones sent to `https:` sites only, as browsers do. */
export interface ProfileHeader {
  /** Spelled as the browser does in HTTP/1.1. */
  readonly name: string;
  readonly value: string;
  readonly isSecureOnly?: true;
}

/** What one browser on one platform says about itself, in its own order. */
export interface HeaderProfile {
  readonly headers: readonly ProfileHeader[];
  /** `q` of the second, third and fourth language. */
  readonly languageWeights: readonly [string, string, string];
}

type Platform = Fingerprint['platform'];
type Browser = Fingerprint['browser'];

/** Stands for the value of `Accept-Language`, which depends on the locale. */
export const LANGUAGES = '{languages}';

/** What stands in for the encodings that browsers take only over TLS. */
export const PLAIN_ENCODINGS = 'gzip, deflate';
const ENCODINGS = 'gzip, deflate, br, zstd';

const CHROMIUM_ACCEPT =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7';
const OTHER_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** The platform part of a Chromium user agent, which no longer tells the real version, and its client hint. */
const CHROMIUM_PLATFORMS: Partial<Record<Platform, { agent: string; hint: string }>> = {
  windows: { agent: 'Windows NT 10.0; Win64; x64', hint: 'Windows' },
  macos: { agent: 'Macintosh; Intel Mac OS X 10_15_7', hint: 'macOS' },
  linux: { agent: 'X11; Linux x86_64', hint: 'Linux' },
  android: { agent: 'Linux; Android 10; K', hint: 'Android' },
};

const FIREFOX_PLATFORMS: Partial<Record<Platform, string>> = {
  windows: 'Windows NT 10.0; Win64; x64',
  macos: 'Macintosh; Intel Mac OS X 10.15',
  linux: 'X11; Linux x86_64',
  android: 'Android 16; Mobile',
};

const PROFILES: Readonly<Record<Browser, Partial<Record<Platform, HeaderProfile>>>> = {
  chrome: {
    windows: chromium('windows', CHROME_BRANDS),
    macos: chromium('macos', CHROME_BRANDS),
    linux: chromium('linux', CHROME_BRANDS),
    android: chromium('android', CHROME_BRANDS),
    ios: webKit(iosAgent(`CriOS/${VERSIONS.chromium}.0.7922.40`)),
  },
  edge: {
    windows: chromium('windows', EDGE_BRANDS, ` Edg/${VERSIONS.chromium}.0.0.0`),
    macos: chromium('macos', EDGE_BRANDS, ` Edg/${VERSIONS.chromium}.0.0.0`),
    linux: chromium('linux', EDGE_BRANDS, ` Edg/${VERSIONS.chromium}.0.0.0`),
    android: chromium('android', EDGE_BRANDS, ` EdgA/${VERSIONS.chromium}.0.0.0`),
  },
  firefox: {
    windows: firefox('windows'),
    macos: firefox('macos'),
    linux: firefox('linux'),
    android: firefox('android'),
    ios: webKit(iosAgent(`FxiOS/${VERSIONS.firefox}.0`)),
  },
  safari: {
    macos: webKit(
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${VERSIONS.safari} Safari/605.1.15`,
    ),
    ios: webKit(iosAgent(`Version/${VERSIONS.safari}`)),
  },
};

/** `undefined` when the browser does not exist on that platform. */
export function headerProfile(browser: Browser, platform: Platform): HeaderProfile | undefined {
  return PROFILES[browser]?.[platform];
}

function chromium(platform: Platform, brandList: string, suffix = ''): HeaderProfile {
  const { agent, hint } = CHROMIUM_PLATFORMS[platform] as { agent: string; hint: string };
  const isMobile = platform === 'android';
  const userAgent = `Mozilla/5.0 (${agent}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${VERSIONS.chromium}.0.0.0${isMobile ? ' Mobile' : ''} Safari/537.36${suffix}`;
  return {
    languageWeights: ['0.9', '0.8', '0.7'],
    headers: [
      { name: 'sec-ch-ua', value: brandList, isSecureOnly: true },
      { name: 'sec-ch-ua-mobile', value: isMobile ? '?1' : '?0', isSecureOnly: true },
      { name: 'sec-ch-ua-platform', value: `"${hint}"`, isSecureOnly: true },
      { name: 'Upgrade-Insecure-Requests', value: '1' },
      { name: 'User-Agent', value: userAgent },
      { name: 'Accept', value: CHROMIUM_ACCEPT },
      { name: 'Sec-Fetch-Site', value: 'none', isSecureOnly: true },
      { name: 'Sec-Fetch-Mode', value: 'navigate', isSecureOnly: true },
      { name: 'Sec-Fetch-User', value: '?1', isSecureOnly: true },
      { name: 'Sec-Fetch-Dest', value: 'document', isSecureOnly: true },
      { name: 'Accept-Encoding', value: ENCODINGS },
      { name: 'Accept-Language', value: LANGUAGES },
    ],
  };
}

function firefox(platform: Platform): HeaderProfile {
  const version = `${VERSIONS.firefox}.0`;
  const gecko = platform === 'android' ? version : '20100101';
  return {
    languageWeights: ['0.8', '0.5', '0.3'],
    headers: [
      {
        name: 'User-Agent',
        value: `Mozilla/5.0 (${FIREFOX_PLATFORMS[platform]}; rv:${version}) Gecko/${gecko} Firefox/${version}`,
      },
      { name: 'Accept', value: OTHER_ACCEPT },
      { name: 'Accept-Language', value: LANGUAGES },
      { name: 'Accept-Encoding', value: ENCODINGS },
      { name: 'Upgrade-Insecure-Requests', value: '1' },
      { name: 'Sec-Fetch-Dest', value: 'document', isSecureOnly: true },
      { name: 'Sec-Fetch-Mode', value: 'navigate', isSecureOnly: true },
      { name: 'Sec-Fetch-Site', value: 'none', isSecureOnly: true },
      { name: 'Sec-Fetch-User', value: '?1', isSecureOnly: true },
      { name: 'Priority', value: 'u=0, i' },
    ],
  };
}

/** Safari, and every browser on iOS. */
function webKit(userAgent: string): HeaderProfile {
  return {
    languageWeights: ['0.9', '0.8', '0.7'],
    headers: [
      { name: 'User-Agent', value: userAgent },
      { name: 'Accept', value: OTHER_ACCEPT },
      { name: 'Sec-Fetch-Site', value: 'none', isSecureOnly: true },
      { name: 'Sec-Fetch-Mode', value: 'navigate', isSecureOnly: true },
      { name: 'Sec-Fetch-Dest', value: 'document', isSecureOnly: true },
      { name: 'Accept-Language', value: LANGUAGES },
      { name: 'Priority', value: 'u=0, i' },
      { name: 'Accept-Encoding', value: ENCODINGS },
    ],
  };
}

function iosAgent(product: string): string {
  return `Mozilla/5.0 (iPhone; CPU iPhone OS ${VERSIONS.iosDevice} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${product} Mobile/15E148 Safari/604.1`;
}

function brands(product: string): string {
  const version = VERSIONS.chromium;
  return `"Not=A?Brand";v="99", "${product}";v="${version}", "Chromium";v="${version}"`;
}
