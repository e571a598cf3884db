import { OptionError } from '../../core/errors.ts';
import type { NavigationOptions } from '../../crawler/http-context.ts';
import type { Request } from '../../queue/request.ts';

/** What hooks may change of the request that is about to be sent. */
export interface HookRequestOptions {
  url: string;
  method: string;
  headers: Record<string, string>;
  payload?: string | Uint8Array | undefined;
  timeoutSecs: number;
  followRedirect: boolean;
  maxRedirects: number;
  /** @default false */
  forceUrlEncoding?: boolean;
}

const NAMES: ReadonlySet<string> = new Set([
  'url',
  'method',
  'headers',
  'payload',
  'timeoutSecs',
  'followRedirect',
  'maxRedirects',
  'forceUrlEncoding',
]);

/** The engine's options under their documented names. */
export function hookOptionsOf(navigation: NavigationOptions): HookRequestOptions {
  const { url, method, headers, body, timeoutSecs, followRedirects, maxRedirects } = navigation;
  return {
    url,
    method,
    headers,
    payload: body,
    timeoutSecs,
    followRedirect: followRedirects,
    maxRedirects,
  };
}

/** Takes over what hooks have changed. @throws OptionError for what a single request cannot have of its own */
export function applyHookOptions(options: HookRequestOptions, navigation: NavigationOptions): void {
  const unknown = Object.keys(options).find((name) => !NAMES.has(name));
  if (unknown !== undefined) {
    throw new OptionError(unknown, `A preNavigationHook cannot set \`${unknown}\` for one request`);
  }
  const { url, method, headers, payload, timeoutSecs, followRedirect, maxRedirects } = options;
  Object.assign(navigation, {
    url: options.forceUrlEncoding ? encodeURI(url) : url,
    method,
    headers,
    timeoutSecs,
    followRedirects: followRedirect,
    maxRedirects,
  });
  if (payload === undefined) delete navigation.body;
  else navigation.body = payload;
}

/** Takes over what `prepareRequestFunction` has changed in the request itself. */
export function applyRequest(request: Request, navigation: NavigationOptions): void {
  const { url, method, headers, payload } = request;
  Object.assign(navigation, { url, method, headers: { ...navigation.headers, ...headers } });
  if (payload !== undefined) navigation.body = payload;
}
