import { TroupeError } from '../core/errors.ts';
import { hideProxySecrets } from './hide-proxy-secrets.ts';

/** A proxy that cannot be used as it is written. */
export class ProxyUrlError extends TroupeError {
  /** Where it stands, such as `proxyUrls[2]` or `line 3 of proxies.txt`. */
  readonly where: string;
  /** The text with everything hidden that may be a secret. */
  readonly entry: string;

  /** `entry` is the raw text; only its harmless parts are kept. */
  constructor(where: string, entry: unknown, problem: string) {
    const shown = typeof entry === 'string' ? `\`${hideProxySecrets(entry)}\`` : describe(entry);
    super('TROUPE_INVALID_PROXY', `Invalid proxy at ${where}, ${shown}: ${problem}`);
    this.where = where;
    this.entry = shown;
  }
}

function describe(entry: unknown): string {
  if (entry === null) return 'the direct connection';
  if (entry === undefined) return '`undefined`';
  return Array.isArray(entry) ? 'an array' : `a value of type ${typeof entry}`;
}
