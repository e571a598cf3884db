import type { CookieChange, HandOptions, SessionHand, SessionHands } from '../session-hands.ts';
import { RedisSessionHand, type RedisSessionHandOptions } from './redis-session-hand.ts';
import { SESSION_EXPORT, SESSION_IMPORT } from './scripts.ts';
import { cookieChangesOf, cookieText } from './session-text.ts';

/**
 * A session is free, and stands in a sorted set by the time it is due; or it is in a hand, and stands in another by
 * the fence of that hand's lease. Whatever a lease writes is checked against the latter. Times are the server's.
 */
export class RedisSessionHands implements SessionHands {
  readonly #shared: Omit<RedisSessionHandOptions, keyof HandOptions>;

  constructor(shared: Omit<RedisSessionHandOptions, keyof HandOptions>) {
    this.#shared = shared;
  }

  async join(options: HandOptions): Promise<SessionHand> {
    return await RedisSessionHand.join({ ...this.#shared, ...options });
  }

  async importCookies(
    id: string,
    cookies: readonly CookieChange[],
    version: number,
  ): Promise<boolean> {
    const { link, keys } = this.#shared;
    const args = { id, version: String(version) };
    const items = cookies.map((cookie) => ({ text: cookieText(cookie) }));
    return (await link.script(SESSION_IMPORT, keys, () => args, items)) === 1;
  }

  async exportCookies(
    id: string,
  ): Promise<{ readonly cookies: readonly CookieChange[]; readonly version: number }> {
    const { link, keys } = this.#shared;
    const reply = await link.script(SESSION_EXPORT, keys, () => ({ id }));
    const [version, ...texts] = reply as [string, ...string[]];
    return { cookies: cookieChangesOf(texts), version: Number(version) };
  }
}
