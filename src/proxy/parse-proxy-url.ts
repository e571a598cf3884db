import type { ProxyInfo } from './proxy-info.ts';
import { ProxyUrlError } from './proxy-url-error.ts';

type Protocol = ProxyInfo['protocol'];

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['socks5', 'socks5'],
  ['socks5h', 'socks5'],
  ['socks', 'socks5'],
]);

const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = Object.freeze({
  http: 80,
  https: 443,
  socks5: 1080,
});

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/;
const BARE_IPV6 = /^(?=(?:[^:]*:){3})[0-9a-f:]+$/i;
const FORBIDDEN_IN_HOST = /[\s/?#@\\%<>^|]/;
const PORT_LIKE = /^\d+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;
const SHAPES = 'expected a URL, `host:port` or `host:port:user:password`';

/** A proxy as it was written, before anything is decoded. */
interface RawProxy {
  readonly host: string;
  readonly port: string | undefined;
  readonly username: string;
  readonly password: string;
  /** In URLs credentials are percent-encoded; in a vendor's `host:port:user:password` they stand as they are. */
  readonly isEncoded: boolean;
}

/**
 * Takes a proxy apart that is written as a URL (`http`, `https` or `socks5`; `socks5h` and `socks` mean
 * `socks5`), as `host:port`, `user:password@host:port` or a vendor's `host:port:user:password`; without a
 * scheme it is an HTTP proxy. A URL without a port gets 80, 443 or 1080.
 *
 * Credentials of URLs are percent-decoded once. Special characters may also stand raw in them: the host
 * begins behind the last `@`, the password behind the first `:`, and a `%` without two hexadecimal digits
 * means itself. A proxy has no path, so `/`, `?` and `#` before the last `@` belong to the password.
 *
 * @param where what errors call the place the text came from, such as `proxyUrls[2]`
 * @throws ProxyUrlError that names the place and shows the text without its secrets
 */
export function parseProxyUrl(text: string, where = '`proxyUrl`'): ProxyInfo {
  const fail = (problem: string): never => {
    throw new ProxyUrlError(where, text, problem);
  };
  if (typeof text !== 'string') return fail('expected a text');
  const entry = text.trim();
  if (entry === '') return fail('it is empty');
  if (CONTROL_CHARACTER.test(entry)) return fail('it holds a control character');
  if (/\p{Surrogate}/u.test(entry)) return fail('it is not valid Unicode');

  const scheme = SCHEME.exec(entry);
  const protocol = PROTOCOLS.get(scheme?.[1]?.toLowerCase() ?? 'http');
  if (!protocol) return fail('the scheme must be `http`, `https` or `socks5`');
  const raw = scheme ? readUrl(entry.slice(scheme[0].length), fail) : readBare(entry, fail);
  return proxyInfoOf({
    protocol,
    hostname: hostnameOf(raw.host, fail),
    port: raw.port === undefined ? DEFAULT_PORTS[protocol] : portOf(raw.port, fail),
    username: raw.isEncoded ? decode(raw.username, fail) : raw.username,
    password: raw.isEncoded ? decode(raw.password, fail) : raw.password,
  });
}

/** Puts the normalised `url` to the parts; decoding its credentials once gives the originals. */
export function proxyInfoOf(parts: Omit<ProxyInfo, 'url'>): ProxyInfo {
  const { protocol, hostname, port, username, password } = parts;
  const secret = password === '' ? '' : `:${encode(password)}`;
  const credentials = username === '' && secret === '' ? '' : `${encode(username)}${secret}@`;
  return { url: `${protocol}://${credentials}${hostname}:${port}`, ...parts };
}

type Fail = (problem: string) => never;

function readUrl(rest: string, fail: Fail): RawProxy {
  const at = rest.lastIndexOf('@');
  const vendor = at === -1 ? readVendorForm(rest, fail) : undefined;
  return vendor ?? readAuthority(rest, at, fail);
}

function readBare(entry: string, fail: Fail): RawProxy {
  const at = entry.lastIndexOf('@');
  const isAuthority = /:\d+\/?$/.test(entry.slice(at + 1));
  const vendor = readVendorForm(entry, fail);
  if (vendor && at !== -1 && isAuthority) {
    return fail('it can be read in two ways; write it as a URL, with its scheme');
  }
  if (vendor) return vendor;
  const raw = readAuthority(entry, at, fail);
  return raw.port === undefined ? fail(`the port is missing; ${SHAPES}`) : raw;
}

/** `host:port:user:password`; the password may hold colons. */
function readVendorForm(text: string, fail: Fail): RawProxy | undefined {
  if (BARE_IPV6.test(text)) return fail('an IPv6 address must stand in brackets');
  const match = /^(\[[^\]]*\]|[^:@[\]]+):(\d+):([^:]*):(.*)$/.exec(text);
  if (!match) return undefined;
  const [, host = '', port, username = '', password = ''] = match;
  return { host, port, username, password, isEncoded: false };
}

function readAuthority(rest: string, at: number, fail: Fail): RawProxy {
  const credentials = at === -1 ? '' : rest.slice(0, at);
  const colon = credentials.indexOf(':');
  const authority = rest.slice(at + 1).replace(/\/$/, '');
  if (/[/?#]/.test(authority)) return fail('a proxy has no path, query or fragment');
  const match = HOST_AND_PORT.exec(authority);
  if (!match) return fail(SHAPES);
  return {
    host: match[1] as string,
    port: match[2],
    username: colon === -1 ? credentials : credentials.slice(0, colon),
    password: colon === -1 ? '' : credentials.slice(colon + 1),
    isEncoded: true,
  };
}

/** The URL standard's form of a host: lower case, punycode, IPv6 in brackets. */
function hostnameOf(host: string, fail: Fail): string {
  if (host === '') return fail('the host is missing');
  if (FORBIDDEN_IN_HOST.test(host) || !URL.canParse(`http://${host}`)) {
    return fail('the host is not a valid name or address');
  }
  return new URL(`http://${host}`).hostname;
}

function portOf(text: string, fail: Fail): number {
  if (!PORT_LIKE.test(text)) return fail('the port must be a number');
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : fail('the port must be from 1 to 65535');
}

function decode(text: string, fail: Fail): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return fail('its credentials are not percent-encoded UTF-8; write a `%` in them as `%25`');
    }
  });
}

/** Also what `encodeURIComponent` leaves and some URL parsers would encode on their own. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
