import type { Session } from '../session/session.ts';

/** The headers of a session's browser; the same for its whole life. */
export async function identityHeaders(
  _session: Session | undefined,
): Promise<Readonly<Record<string, string>>> {
  return {};
}
