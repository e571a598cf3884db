import type { Lease } from '../session/lease.ts';
import type { SessionPool } from '../session/session-pool.ts';
import { outcomeOfError } from './classify.ts';
import type { BasicContext } from './context.ts';
import type { ResolvedCrawlerOptions } from './crawler-options.ts';
import { type FetchRobots, Robots } from './robots.ts';
import type { SessionSender } from './session-sender.ts';

const TIMEOUT_MS = 15_000;
const MAX_TRIES = 3;
const ANY_AGENT = '*';

/** The rules of robots.txt, fetched as one of the crawl's sessions; `undefined` where they are not asked for. */
export function robotsFor<Context extends BasicContext>(
  options: ResolvedCrawlerOptions<Context>,
  sender: SessionSender,
  pool: SessionPool | undefined,
): Robots | undefined {
  const { respectRobotsTxtFile, clock, proxyConfiguration } = options;
  if (!respectRobotsTxtFile) return undefined;
  const userAgent = respectRobotsTxtFile === true ? ANY_AGENT : respectRobotsTxtFile.userAgent;

  const fetchOnce: FetchRobots = async (url, signal) => {
    const lease = await pool?.lease({ url, signal });
    const proxyInfo = lease
      ? lease.session.proxyInfo
      : ((await proxyConfiguration?.newProxyInfo()) ?? null);
    return settled(lease, async () => {
      const { statusCode, body } = await sender.fetch(
        { session: lease?.session, proxyInfo },
        url,
        {},
        { timeoutMs: TIMEOUT_MS, signal },
      );
      return { statusCode, text: body };
    });
  };

  const fetch: FetchRobots = async (url, signal) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetchOnce(url, signal);
      } catch (error) {
        // A proxy may have failed; the site deserves another one.
        if (attempt === MAX_TRIES || signal.aborted) throw error;
      }
    }
  };
  return new Robots({ fetch, userAgent, clock });
}

/** Whatever the status: it says nothing about the session. */
async function settled<T>(lease: Lease | undefined, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    lease?.report({ kind: 'ok' });
    return result;
  } catch (error) {
    lease?.report(outcomeOfError(error));
    throw error;
  }
}
