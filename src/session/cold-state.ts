import type { CookieJar } from 'tough-cookie';

/** A cookie as the store has it. */
export interface WrittenCookie {
  readonly text: string;
  /** Wall clock, ms. */
  readonly at: number;
}

/**
 * The part of a session that most sessions never have: cookies and user data. Restored texts stay texts
 * until somebody asks, so that restoring a hundred thousand sessions parses no cookie.
 */
export class ColdState {
  jar: CookieJar | undefined;
  /** The user holds the jar itself and may change it unseen. */
  isJarShared = false;
  /** The serialised jar as it was restored; used up when the jar is made. */
  jarJson: string | undefined;
  /** By domain, path and name, where the store keeps each cookie by itself; as they came until one is to be written. */
  writtenCookies: ReadonlyMap<string, WrittenCookie> | readonly string[] | undefined;
  userData: Record<string, unknown> | undefined;
  /** User data as last saved or restored, to notice changes made inside the object. */
  userDataJson: string | undefined;
}
