import { OptionError } from '../../core/errors.ts';

/** What we use of a DevTools session; Puppeteer's and Playwright's both have it. */
export interface DevTools {
  // biome-ignore lint/suspicious/noExplicitAny: each library has its own map of methods
  send(method: any, params?: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: each library has its own map of events
  on(event: any, listener: (event: any) => void): unknown;
}

/** Troupe's names are those of Playwright and Puppeteer; DevTools has its own spelling. */
const RESOURCE_TYPES: Readonly<Record<string, string>> = {
  stylesheet: 'Stylesheet',
  image: 'Image',
  media: 'Media',
  font: 'Font',
  script: 'Script',
  texttrack: 'TextTrack',
  xhr: 'XHR',
  fetch: 'Fetch',
  eventsource: 'EventSource',
  websocket: 'WebSocket',
  manifest: 'Manifest',
  ping: 'Ping',
  other: 'Other',
};

/** @throws OptionError for a kind no browser knows */
export function checkResourceKinds(kinds: readonly string[]): void {
  for (const kind of kinds) {
    if (Object.hasOwn(RESOURCE_TYPES, kind)) continue;
    const known = Object.keys(RESOURCE_TYPES).join(', ');
    throw new OptionError(
      'blockResources',
      `Expected \`blockResources\` to hold kinds among ${known}, got \`${kind}\``,
    );
  }
}

/**
 * Fails requests of these kinds inside the browser. Only they are held up for us: all others go their way without a
 * round trip, and the browser's cache stays in use, unlike with the libraries' own interception.
 */
export async function blockResources(devTools: DevTools, kinds: readonly string[]): Promise<void> {
  checkResourceKinds(kinds);
  if (kinds.length === 0) return;
  devTools.on('Fetch.requestPaused', ({ requestId }: { requestId: string }) => {
    // The page may be gone by now.
    devTools
      .send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' })
      .catch(() => {});
  });
  const patterns = kinds.map((kind) => ({
    urlPattern: '*',
    resourceType: RESOURCE_TYPES[kind],
    requestStage: 'Request',
  }));
  await devTools.send('Fetch.enable', { patterns });
}
