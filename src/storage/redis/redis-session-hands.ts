import type { CookieChange, HandOptions, SessionHand, SessionHands } from '../session-hands.ts';
import { RedisSessionHand, type RedisSessionHandOptions } from './redis-session-hand.ts';
import { SESSION_EXPORT } from './scripts.ts';
import { cookieChangesOf } from './session-text.ts';

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

  async exportCookies(id: string): Promise<readonly CookieChange[]> {
    const { link, keys } = this.#shared;
    const reply = await link.script(SESSION_EXPORT, keys, () => ({ id }));
    return cookieChangesOf(reply as string[]);
  }
}
