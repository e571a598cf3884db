import type { ProxyInfo as EngineProxyInfo } from '../../proxy/proxy-info.ts';

/** A proxy as handlers get it. Never log `url` or `password`. New name: `ProxyInfo` of `troupe`. */
export interface ProxyInfo extends EngineProxyInfo {
  /** Of the platform's proxy; empty with your own. */
  readonly groups: readonly string[];
}
