/** What the libraries' browsers tell about themselves. */
interface Telling {
  /** Puppeteer's. */
  userAgent?(): Promise<string>;
  /** Playwright's, such as `140.0.7339.80`. */
  version?(): string;
  browserType?(): { name(): string };
}

/** Chromium names these whatever the machine is. */
const PLATFORMS: Readonly<Record<string, string>> = {
  linux: 'X11; Linux x86_64',
  darwin: 'Macintosh; Intel Mac OS X 10_15_7',
  win32: 'Windows NT 10.0; Win64; x64',
};

/** The browser's own user agent, without a word about having no window; `undefined` where it says none anyway. */
export async function ownUserAgent(browser: unknown): Promise<string | undefined> {
  const telling = browser as Telling;
  if (telling.userAgent) return withoutHeadless(await telling.userAgent());
  if (telling.browserType?.().name() !== 'chromium') return undefined;
  const major = telling.version?.().split('.')[0];
  const platform = PLATFORMS[process.platform];
  if (!major || !platform) return undefined;
  return `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

function withoutHeadless(userAgent: string): string | undefined {
  return userAgent.includes('Headless') ? userAgent.replace('Headless', '') : undefined;
}
