import { messageOf } from '../core/errors.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { Hop } from './hop.ts';
import { HttpError, type HttpErrorKind } from './http-error.ts';
import { requestError } from './request-error.ts';

/** By the class of impit's error; what is not here depends on whether there is a proxy. */
const KINDS: Readonly<Record<string, HttpErrorKind>> = {
  ConnectTimeout: 'connect-timeout',
  ReadTimeout: 'total-timeout',
  TimeoutError: 'total-timeout',
  WriteTimeout: 'total-timeout',
  ProxyAuthRequired: 'proxy',
  ProxyError: 'proxy',
  ProxyTunnelError: 'proxy',
  InvalidURL: 'invalid',
  LocalProtocolError: 'invalid',
  UnsupportedProtocol: 'invalid',
  DecodingError: 'truncated',
};

const MAX_MESSAGE_LENGTH = 300;

/** Blames one party for an error of impit. Its texts may quote the proxy's URL, so none is passed on as it is. */
export function classifyImpitError(error: unknown, hop: Hop, phase: 'waiting' | 'body'): HttpError {
  if (error instanceof HttpError) return error;
  const name = error instanceof Error ? error.constructor.name : '';
  const message = withoutSecrets(onOneLine(messageOf(error)), hop.request.proxy ?? null);
  const cause = new Error(message);
  cause.name = name;
  const kind = KINDS[name] ?? (phase === 'body' ? 'truncated' : blamed(message, hop));
  return requestError(kind, hop, message, { cause, proxyStatus: proxyStatusOf(error, name) });
}

/** With a proxy it is hard to tell who failed; only what happens inside a tunnel that stands is the site's own fault. */
function blamed(message: string, { url, request: { proxy } }: Hop): 'proxy' | 'target' {
  if (!proxy) return 'target';
  const isTunnelled = url.protocol === 'https:' && !message.includes('ConnectFailed');
  return isTunnelled && /InvalidCertificate|AlertReceived/.test(message) ? 'target' : 'proxy';
}

/** impit's reasons are printed over many lines. */
function onOneLine(message: string): string {
  const line = message.replace(/\s+/g, ' ');
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line;
}

function proxyStatusOf(error: unknown, name: string): number | undefined {
  if (name === 'ProxyAuthRequired') return 407;
  const { status } = error as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

function withoutSecrets(message: string, proxy: ProxyInfo | null): string {
  if (!proxy || (proxy.username === '' && proxy.password === '')) return message;
  const userInfo = /\/\/([^/]*)@/.exec(proxy.url)?.[1] ?? '';
  return [userInfo, proxy.password, proxy.username]
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '***'), message);
}
