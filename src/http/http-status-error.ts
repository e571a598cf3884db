import { TroupeError } from '../core/errors.ts';

/** The site answered with an error status, and the caller had asked for an error then. */
export class HttpStatusError extends TroupeError {
  readonly statusCode: number;
  /** Without credentials. */
  readonly url: string;

  constructor(statusCode: number, url: string) {
    super('TROUPE_HTTP_STATUS', `${url}: the site answered with status ${statusCode}`);
    this.statusCode = statusCode;
    this.url = url;
  }
}
