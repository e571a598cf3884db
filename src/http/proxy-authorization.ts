import type { ProxyInfo } from '../proxy/proxy-info.ts';

/** The value of `Proxy-Authorization`; empty when the proxy has no credentials. */
export function proxyAuthorization({ username, password }: ProxyInfo): string {
  if (username === '' && password === '') return '';
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
