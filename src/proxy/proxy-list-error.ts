import { TroupeError } from '../core/errors.ts';

/** A list of proxies could not be had from its file or its provider, or there was nothing in it. */
export class ProxyListError extends TroupeError {
  /** The file, or `the provider`. */
  readonly source: string;

  constructor(source: string, problem: string, options?: { cause?: unknown }) {
    super('TROUPE_PROXY_LIST', `Proxy list of ${source}: ${problem}`, options);
    this.source = source;
  }
}
