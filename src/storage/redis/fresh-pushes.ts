import type { Clock } from '../../core/clock.ts';
import { chunksOf } from '../chunks.ts';
import { FreshWrites } from '../fresh-writes.ts';
import type { RedisLink } from './redis-link.ts';
import { DATASET_PUSH } from './scripts.ts';

/** The keys of one dataset. */
export type DatasetKeys = Readonly<Record<'items' | 'pushes' | 'removed', string>>;

export interface Push {
  readonly keys: DatasetKeys;
  readonly key: string;
  readonly texts: readonly string[];
}

const AT_ONCE = 100;

/**
 * The pushes of this process that a server may have lost, though another one counts their pages as handled. When a
 * connection has broken they are pushed again, but for those under whose key there is something.
 */
export class FreshPushes {
  readonly #link: RedisLink;
  readonly #fresh: FreshWrites<Push>;
  /** Up to which interruption the server has all that was pushed. */
  #restoredCount = 0;
  #restoring: Promise<void> | undefined;

  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#fresh = new FreshWrites(clock);
    link.onInterruption(() => void this.restored());
  }

  note(push: Push): void {
    const chars = push.texts.reduce((sum, text) => sum + text.length, 0);
    this.#fresh.note(`${push.keys.items} ${push.key}`, push, chars);
  }

  /** A dataset that was dropped stays empty. */
  forget({ items }: DatasetKeys): void {
    this.#fresh.forget(({ keys }) => keys.items === items);
  }

  /** Resolves when the server has all again, or could not be reached for too long. Never rejects. */
  async restored(): Promise<void> {
    if (this.#isBehind) {
      this.#restoring ??= this.#restore().finally(() => {
        this.#restoring = undefined;
      });
    }
    // Whoever waits meets the same error with what it does next, and the next one tries again.
    await this.#restoring?.catch(() => {});
  }

  get #isBehind(): boolean {
    return this.#restoredCount !== this.#link.interruptionsCount;
  }

  async #restore(): Promise<void> {
    while (this.#isBehind) {
      const { interruptionsCount } = this.#link;
      for (const pushes of byDataset(this.#fresh.all())) {
        for (const chunk of chunksOf(pushes, AT_ONCE)) await this.#pushMissing(chunk);
      }
      this.#restoredCount = interruptionsCount;
    }
  }

  /** All of one dataset. */
  async #pushMissing(pushes: readonly Push[]): Promise<void> {
    const { keys } = pushes[0] as Push;
    const names = pushes.map(({ key }) => key);
    const found = await this.#link.command(keys.pushes, ['HMGET', keys.pushes, ...names]);
    const missing = pushes.filter((_, index) => (found as unknown[])[index] === null);
    await Promise.all(
      missing.map(({ key, texts }) => {
        const items = texts.map((json) => ({ json }));
        return this.#link.script(DATASET_PUSH, keys, () => ({ key, isAgain: '1' }), items);
      }),
    );
  }
}

function byDataset(pushes: readonly Push[]): Iterable<readonly Push[]> {
  const groups = new Map<string, Push[]>();
  for (const push of pushes) {
    const group = groups.get(push.keys.items);
    if (group) group.push(push);
    else groups.set(push.keys.items, [push]);
  }
  return groups.values();
}
