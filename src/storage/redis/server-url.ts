import { OptionError } from '../../core/errors.ts';

/**
 * Reads the URL of one server. The message does not show the text: where it is no URL, nobody can tell which part is
 * the password.
 *
 * @throws OptionError
 */
export function serverUrl(option: string, given: unknown): URL {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  if (url && isServerUrl(url)) return url;
  const got = url ? `another one that begins with ${url.protocol}` : 'something else';
  throw new OptionError(
    option,
    `Expected \`${option}\` to be a URL such as redis://user:password@host:6379/0, or rediss:// for TLS, got ${got}`,
  );
}

export function withoutCredentials({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function isServerUrl({ protocol, hostname, pathname, search, hash }: URL): boolean {
  const isPlace = hostname !== '' && /^(?:\/\d*)?$/.test(pathname);
  return isPlace && /^rediss?:$/.test(protocol) && search === '' && hash === '';
}
