/** What of both libraries is used to find the other pages of a page's context. */
interface Closable {
  close(): Promise<void>;
}

interface Family {
  pages(): Promise<readonly Closable[]> | readonly Closable[];
}

interface AnyPage extends Closable {
  /** Playwright's. */
  context?(): Family;
  /** Puppeteer's. */
  browserContext?(): Family;
}

/** Closes what a page has opened beside itself: windows of the site, and pages of a handler that forgot them. */
export async function closeStrays(page: unknown): Promise<void> {
  const known = page as AnyPage;
  const family = known.context?.() ?? known.browserContext?.();
  if (!family) return;
  const strays = (await family.pages()).filter((other) => other !== known);
  await Promise.allSettled(strays.map((stray) => stray.close()));
}
