import { OptionError } from '../../core/errors.ts';
import { parseProxyUrl } from '../../proxy/parse-proxy-url.ts';
import { ProxyConfiguration as EngineProxies } from '../../proxy/proxy-configuration.ts';
import type { ProxyInfo as EngineProxyInfo, ProxyVerdict } from '../../proxy/proxy-info.ts';
import type { ProxyInfo } from './proxy-info.ts';

/** Proxies of the user: a list that takes turns, or a function; a session keeps what it was given. */
export interface OwnSource {
  infoFor(sessionId: string | undefined): ProxyInfo;
  restore(sessionId: string, info: ProxyInfo): void;
  release(sessionId: string): void;
  report(proxyUrl: string, verdict: ProxyVerdict): void;
}

/** @throws OptionError, ProxyUrlError */
export function listSource(proxyUrls: readonly string[]): OwnSource {
  const engine = new EngineProxies({ proxyUrls });
  const listed = engine.proxies as readonly EngineProxyInfo[];
  let turn = 0;
  return {
    infoFor(sessionId) {
      const isBound = sessionId !== undefined;
      // A list is bound at once; only files and functions make it wait.
      const info = isBound ? engine.bind(sessionId) : listed[turn++ % listed.length];
      return withGroups(info as EngineProxyInfo, sessionId);
    },
    restore: (sessionId, info) => engine.restore(sessionId, info),
    release: (sessionId) => engine.release(sessionId),
    report: (proxyUrl, verdict) => engine.report(proxyUrl, verdict),
  };
}

export function functionSource(newUrlFunction: (sessionId?: string) => string): OwnSource {
  const bound = new Map<string, ProxyInfo>();
  return {
    infoFor(sessionId) {
      const known = sessionId === undefined ? undefined : bound.get(sessionId);
      if (known) return known;
      const info = withGroups(parsed(newUrlFunction(sessionId)), sessionId);
      if (sessionId !== undefined) bound.set(sessionId, info);
      return info;
    },
    restore: (sessionId, info) => void bound.set(sessionId, info),
    release: (sessionId) => void bound.delete(sessionId),
    report: () => {},
  };
}

export function withGroups(info: EngineProxyInfo, sessionId: string | undefined): ProxyInfo {
  return { ...info, groups: [], ...(sessionId === undefined ? {} : { sessionId }) };
}

function parsed(url: unknown): EngineProxyInfo {
  if (typeof url === 'string') return parseProxyUrl(url, 'the result of `newUrlFunction`');
  const what = url instanceof Promise ? 'a promise' : `a value of type ${typeof url}`;
  const message = `Expected \`newUrlFunction\` to return the URL of a proxy, got ${what}`;
  throw new OptionError('newUrlFunction', message);
}
