import { OptionError } from '../../core/errors.ts';
import {
  callback,
  expectedText,
  flag,
  listOf,
  optional,
  optionsObject,
  parseOptions,
  string,
  text,
} from '../../core/options.ts';
import { numericVariable, variable } from '../environment.ts';

export interface ProxyConfigurationOptions {
  /** Of the platform's proxy. @default `APIFY_PROXY_PASSWORD` */
  readonly password?: string;
  /** Of the platform's proxy. @default chosen by the proxy */
  readonly groups?: readonly string[];
  /** Of the platform's proxy; two capital letters. @default any country */
  readonly countryCode?: string;
  /** As `groups`; what the platform's input form calls them. */
  readonly apifyProxyGroups?: readonly string[];
  /** As `countryCode`. */
  readonly apifyProxyCountry?: string;
  /** Your own proxies. @default those of `TROUPE_PROXY_URLS`, separated by commas, spaces or line ends */
  readonly proxyUrls?: readonly string[];
  /** Gives the URL of a proxy of yours for a session. */
  readonly newUrlFunction?: (sessionId?: string) => string;
  /** `false` without proxies of your own means no proxy: `createProxyConfiguration()` gives `undefined` then. */
  readonly useApifyProxy?: boolean;
}

export interface PlatformProxy {
  readonly kind: 'platform';
  readonly password: string;
  readonly groups: readonly string[];
  readonly countryCode: string | undefined;
  readonly hostname: string;
  readonly port: number;
  readonly statusUrl: string;
}

export type ResolvedProxyOptions =
  | PlatformProxy
  | { readonly kind: 'urls'; readonly proxyUrls: readonly string[] }
  | { readonly kind: 'function'; readonly newUrlFunction: (sessionId?: string) => string };

const DEFAULTS = Object.freeze({
  hostname: 'proxy.apify.com',
  port: 8000,
  statusUrl: 'http://proxy.apify.com',
});

const VALUE = /^[\w._~]+$/;
const MAX_SESSION_ID_LENGTH = 50;
const PLATFORM_ONLY = [
  'password',
  'groups',
  'countryCode',
  'apifyProxyGroups',
  'apifyProxyCountry',
] as const;

const SCHEMA = optionsObject({
  password: optional(text()),
  groups: optional(listOf(string(), 'an array of group names')),
  countryCode: optional(string()),
  apifyProxyGroups: optional(listOf(string(), 'an array of group names')),
  apifyProxyCountry: optional(string()),
  proxyUrls: optional(listOf(string(), 'an array of proxy URLs')),
  newUrlFunction: optional(callback<(sessionId?: string) => string>()),
  useApifyProxy: optional(flag()),
});

/** @throws OptionError */
export function resolveProxyOptions(input: ProxyConfigurationOptions): ResolvedProxyOptions {
  const options = parseOptions(SCHEMA, input, 'ProxyConfigurationOptions');
  const groups = options.groups ?? options.apifyProxyGroups ?? [];
  const countryCode = options.countryCode ?? options.apifyProxyCountry;
  for (const group of groups) checkGroup(group);
  if (countryCode !== undefined) checkCountry(countryCode);
  const own = ownProxies(options as ProxyConfigurationOptions);
  if (!own) return platformProxy(groups, countryCode, options.password);
  refuseBoth(options, own.name);
  return own.resolved;
}

/** The identifier as the proxy takes it; a number becomes a text. @throws OptionError */
export function checkedSessionId(sessionId: string | number): string {
  const id = String(sessionId);
  if (id.length <= MAX_SESSION_ID_LENGTH && VALUE.test(id)) return id;
  const expectation = `at most ${MAX_SESSION_ID_LENGTH} letters, digits, \`.\`, \`_\` and \`~\``;
  throw new OptionError('sessionId', expectedText('sessionId', expectation, sessionId));
}

function ownProxies({
  proxyUrls,
  newUrlFunction,
}: ProxyConfigurationOptions): { name: string; resolved: ResolvedProxyOptions } | undefined {
  if (proxyUrls && newUrlFunction) {
    const message = 'Expected `proxyUrls` or `newUrlFunction`, got both';
    throw new OptionError('newUrlFunction', message);
  }
  if (newUrlFunction) {
    return { name: '`newUrlFunction`', resolved: { kind: 'function', newUrlFunction } };
  }
  if (proxyUrls) {
    if (proxyUrls.length === 0) {
      const message = expectedText('proxyUrls', 'at least one proxy URL', proxyUrls);
      throw new OptionError('proxyUrls', message);
    }
    return { name: '`proxyUrls`', resolved: { kind: 'urls', proxyUrls } };
  }
  const listed = process.env['TROUPE_PROXY_URLS']?.split(/[\s,]+/).filter(Boolean) ?? [];
  if (listed.length === 0) return undefined;
  return { name: '`TROUPE_PROXY_URLS`', resolved: { kind: 'urls', proxyUrls: listed } };
}

function refuseBoth(options: object, own: string): void {
  const platform = PLATFORM_ONLY.find(
    (name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined,
  );
  if (platform === undefined) return;
  throw new OptionError(
    platform,
    `Cannot combine proxies of your own (${own}) with Apify Proxy (\`${platform}\`): use one kind`,
  );
}

function platformProxy(
  groups: readonly string[],
  countryCode: string | undefined,
  given: string | undefined,
): PlatformProxy {
  const password = given ?? variable('APIFY_PROXY_PASSWORD');
  if (password === undefined) {
    throw new OptionError(
      'password',
      'Apify Proxy needs a password: set `APIFY_PROXY_PASSWORD` or the option `password`; for proxies of your own set `TROUPE_PROXY_URLS` or the option `proxyUrls`',
    );
  }
  return {
    kind: 'platform',
    password,
    groups,
    countryCode,
    hostname: variable('APIFY_PROXY_HOSTNAME') ?? DEFAULTS.hostname,
    port: numericVariable('APIFY_PROXY_PORT', DEFAULTS.port),
    statusUrl: variable('APIFY_PROXY_STATUS_URL') ?? DEFAULTS.statusUrl,
  };
}

function checkGroup(group: string): void {
  if (VALUE.test(group)) return;
  const expectation = 'names of letters, digits, `.`, `_` and `~`';
  throw new OptionError('groups', expectedText('groups', expectation, group));
}

function checkCountry(countryCode: string): void {
  if (/^[A-Z]{2}$/.test(countryCode)) return;
  const expectation = 'two capital letters, such as `US`';
  throw new OptionError('countryCode', expectedText('countryCode', expectation, countryCode));
}
