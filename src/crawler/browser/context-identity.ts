import type { ProxyInfo } from '../../proxy/proxy-info.ts';
import type { Session } from '../../session/session.ts';
import type { ContextIdentity } from './browser-driver.ts';

const DEFAULT_LOCALE = 'en-US';

/** Common sizes of the page's area on a desktop. */
const VIEWPORTS: readonly ContextIdentity['viewport'][] = [
  { width: 1920, height: 969 },
  { width: 1536, height: 730 },
  { width: 1440, height: 789 },
  { width: 1366, height: 657 },
  { width: 1280, height: 720 },
];

/** Who a page is opened as. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly proxyInfo: ProxyInfo | null;
}

/**
 * What a session shows as a browser. It follows from the session alone, so it is the same after a restart and in
 * another browser. `userAgent` is the browser's own: scripts tell the engine that really runs, and a session
 * that claims another one is conspicuous.
 */
export function contextIdentity(
  { session, proxyInfo }: Visitor,
  userAgent: string | undefined,
): ContextIdentity {
  return {
    userAgent,
    locale: session?.fingerprint.locale ?? DEFAULT_LOCALE,
    viewport: viewportOf(session?.id ?? ''),
    proxy: proxyInfo,
  };
}

function viewportOf(id: string): ContextIdentity['viewport'] {
  let hash = 0;
  for (let index = 0; index < id.length; index++) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) >>> 0;
  }
  return VIEWPORTS[hash % VIEWPORTS.length] as ContextIdentity['viewport'];
}
