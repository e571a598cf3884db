import { OptionError } from '../core/errors.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { HookTools } from '../session/session-hooks.ts';
import type { BasicContext } from './context.ts';
import type { PageKind } from './page-kind.ts';
import { SessionSender } from './session-sender.ts';

const TIMEOUT_MS = 30_000;

/** What a crawler lends the hooks of its pool. A login is nothing without its cookies, so they are kept in any case. */
export function hookTools<Context extends BasicContext>(
  client: HttpClient,
  kind: PageKind<Context>,
): HookTools {
  const sender = new SessionSender(client, { persistCookiesPerSession: true });
  return {
    sendRequest: async (session, options, signal) => {
      const { url } = options;
      if (typeof url !== 'string' || !URL.canParse(url)) {
        throw new OptionError('url', 'Expected `url` of a hook’s sendRequest() to be absolute');
      }
      const identity = { session, proxyInfo: session.proxyInfo };
      return sender.fetch(identity, url, options, { timeoutMs: TIMEOUT_MS, signal });
    },
    openPage: kind.openHookPage?.bind(kind),
  };
}
