import type { Random } from '../core/random.ts';

/** One proxy, taken apart. `url` is the whole truth; the rest is read from it. Never log `url` or `password`. */
export interface ProxyInfo {
  /** Normalised URL with credentials, percent-encoded, such as `http://user:p%40ss@host:8000`. */
  readonly url: string;
  readonly protocol: 'http' | 'https' | 'socks5';
  /** As in the URL: lower case, an IPv6 address in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Percent-decoded; empty when there is none. */
  readonly username: string;
  /** Percent-decoded; empty when there is none. */
  readonly password: string;
  /** The session it was made for. */
  readonly sessionId?: string;
  /** Two-letter code put into a `{country}` placeholder. */
  readonly countryCode?: string;
}

/** What one use says about the proxy: an answer came through; the proxy failed; the site banned the IP; nothing came. */
export type ProxyVerdict = 'good' | 'failed' | 'blocked' | 'timeout';

/** What the pool needs of a proxy configuration; {@link ProxyConfiguration} is the one that ships. */
export interface ProxySource {
  /**
   * The proxy for a session that is being made, spread evenly; `null` for a direct connection. `prefer` is the URL of
   * one of which more sessions would be of use.
   * Later `newProxyInfo(sessionId)` calls give the same one.
   */
  bind(
    sessionId: string,
    options?: { request?: unknown; avoid?: string; prefer?: string },
  ): Promise<ProxyInfo | null> | ProxyInfo | null;
  /** Tells the configuration of a binding that was restored. */
  restore(sessionId: string, proxyInfo: ProxyInfo | null): void;
  /** The session has retired; its binding may be forgotten. */
  release(sessionId: string): void;
  /** What a use of the proxy came to. New sessions are bound to proxies that are not resting after failures. */
  report(proxyUrl: string, verdict: ProxyVerdict): void;
  /** Several workers have the same list, and are not all to begin with its first proxy: ties between proxies are left to chance. */
  shuffle?(random: Random): void;
}
