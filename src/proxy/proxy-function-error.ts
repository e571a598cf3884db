import { TroupeError } from '../core/errors.ts';

/** The user's `newUrlFunction` threw, or gave what is no proxy. */
export class ProxyFunctionError extends TroupeError {
  readonly sessionId: string | undefined;

  constructor(problem: string, sessionId: string | undefined, options?: { cause?: unknown }) {
    const session = sessionId === undefined ? '' : ` for session \`${sessionId}\``;
    super('TROUPE_PROXY_FUNCTION', `\`newUrlFunction\` ${problem}${session}`, options);
    this.sessionId = sessionId;
  }
}
