import { messageOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import { ProxyFunctionError } from './proxy-function-error.ts';
import type { ProxyInfo } from './proxy-info.ts';
import { parseProxyTemplate } from './proxy-template.ts';

/**
 * Gives the proxy of a session, or of a single request when there is no session; `null` for a direct
 * connection. Takes all forms that `proxyUrls` takes.
 */
export type NewUrlFunction = (
  sessionId: string | undefined,
  options: { request: unknown },
) => string | null | Promise<string | null>;

/** @throws ProxyFunctionError with the cause, secrets hidden */
export async function callProxyFunction(
  newUrlFunction: NewUrlFunction,
  sessionId: string | undefined,
  request: unknown,
  countryCode: string | undefined,
): Promise<ProxyInfo | null> {
  const answer = await answerOf(newUrlFunction, sessionId, request);
  if (answer === null) return null;
  if (typeof answer !== 'string') {
    const problem = `gave ${answer === undefined ? 'undefined' : `a value of type ${typeof answer}`}, not a proxy URL or null,`;
    throw new ProxyFunctionError(problem, sessionId);
  }
  try {
    return parseProxyTemplate(answer, 'the result of `newUrlFunction`', countryCode);
  } catch (error) {
    throw new ProxyFunctionError('gave what is no proxy', sessionId, { cause: error });
  }
}

async function answerOf(
  newUrlFunction: NewUrlFunction,
  sessionId: string | undefined,
  request: unknown,
): Promise<unknown> {
  try {
    return await newUrlFunction(sessionId, { request });
  } catch (error) {
    const problem = `threw "${redactText(messageOf(error))}"`;
    throw new ProxyFunctionError(problem, sessionId, { cause: error });
  }
}
