import { TroupeError } from '../../core/errors.ts';
import type { Session } from '../session.ts';

/** Statuses a handler of the facade sees, as documented; the engine would act on them by itself. */
export const BLOCKED_STATUS_CODES: readonly number[] = Object.freeze([401, 403, 429]);

/**
 * Retires the session of a page that was answered with 401, 403 or 429, and ends the attempt: a retry is spent on
 * another session. Without a session the handler gets the page.
 *
 * @throws TroupeError `TROUPE_BLOCKED`
 */
export function refuseBlocked(
  session: Session | undefined,
  response: { readonly url: string; readonly statusCode: number },
): void {
  if (!session?.retireOnBlockedStatusCodes(response.statusCode)) return;
  throw new TroupeError(
    'TROUPE_BLOCKED',
    `${response.url}: request blocked, received status ${response.statusCode}`,
  );
}
