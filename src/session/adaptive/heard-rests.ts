import type { ProxyFailure } from '../../storage/session-hands.ts';
import { type RestName, restNameOf } from './rest-names.ts';
import type { ToldRest } from './rests.ts';

/** As many as the store remembers. */
const MOST_HEARD = 10_000;

export interface HeardRest {
  readonly name: RestName;
  readonly rest: ToldRest;
}

/** As it was told now. */
export function heardRest(name: RestName, failure: ProxyFailure, now: number): HeardRest {
  const { agoMs, restMs, inRow, firstAgoMs } = failure;
  const firstAt = now - (firstAgoMs ?? agoMs);
  return { name, rest: { kind: name.kind, at: now - agoMs, inRow, firstAt, until: now + restMs } };
}

/** Rests that others told of, for those who come to the proxy or to the origin later. */
export class HeardRests {
  /** By origin, then by name; what was heard longest ago first. */
  readonly #byOrigin = new Map<string, Map<string, HeardRest>>();
  #size = 0;

  keep(heard: HeardRest): void {
    this.drop(heard.name);
    const { origin } = heard.name;
    const rests = this.#byOrigin.get(origin) ?? new Map<string, HeardRest>();
    rests.set(restNameOf(heard.name), heard);
    this.#byOrigin.delete(origin);
    this.#byOrigin.set(origin, rests);
    this.#size++;
    if (this.#size > MOST_HEARD) this.#dropOldest();
  }

  drop(name: RestName): void {
    const rests = this.#byOrigin.get(name.origin);
    if (!rests?.delete(restNameOf(name))) return;
    this.#size--;
    if (rests.size === 0) this.#byOrigin.delete(name.origin);
  }

  /** Those at an origin. */
  at(origin: string): HeardRest[] {
    return [...(this.#byOrigin.get(origin)?.values() ?? [])];
  }

  /** Those of a proxy, at any of the origins. */
  of(proxy: string, now: number): HeardRest[] {
    const found: HeardRest[] = [];
    if (this.#size === 0) return found;
    for (const origin of this.#byOrigin.keys()) {
      for (const kind of ['blocked', 'throttled'] as const) {
        const heard = this.#byOrigin.get(origin)?.get(restNameOf({ kind, proxy, origin }));
        if (heard && heard.rest.until > now) found.push(heard);
      }
    }
    return found;
  }

  /** Those that are over tell a newcomer nothing. */
  dropOver(now: number): void {
    for (const rests of [...this.#byOrigin.values()]) {
      for (const { name, rest } of [...rests.values()]) if (rest.until <= now) this.drop(name);
    }
  }

  #dropOldest(): void {
    const [first] = this.#byOrigin.values().next().value?.values() ?? [];
    if (first) this.drop(first.name);
  }
}
