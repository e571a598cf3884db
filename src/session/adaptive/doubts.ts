import { SAME_BAN_MS } from './bans.ts';

/** Which one. */
export interface BlockKey {
  readonly network: number;
  readonly at: number;
}

interface Doubted extends BlockKey {
  /** Neighbours were let in meanwhile. */
  readonly isOwn: boolean;
}

/** Older ones are not waited for. */
const MAX_DOUBTS = 200;
/** Chance is no exception from so many blocks on, where more than one of so many was chance. */
const ENOUGH_CHANCES = 2;
const RARE = 4;

/** Blocks that may have been chance, until the next request of their address, or a neighbour's, is let in or blocked. */
export class Doubts<Ban extends Doubted> {
  #bans: Ban[] = [];
  #chancesCount = 0;
  #stuckCount = 0;

  /** Hardly any block is chance. */
  get areRare(): boolean {
    return this.#chancesCount < ENOUGH_CHANCES || this.#chancesCount * RARE <= this.#stuckCount;
  }

  get bans(): readonly Ban[] {
    return this.#bans;
  }

  add(ban: Ban): void {
    this.#bans = [...this.#bans.slice(1 - MAX_DOUBTS), ban];
  }

  /** Of a network that had nothing let in since: two in a row are hardly chance. */
  takeNeighbour(network: number, now: number): Ban | undefined {
    return this.#take(
      (ban) => ban.network === network && !ban.isOwn && now - ban.at <= SAME_BAN_MS,
    );
  }

  noteStuck({ network, at }: BlockKey): Ban | undefined {
    this.#stuckCount++;
    return this.#take((ban) => ban.network === network && ban.at === at);
  }

  noteChance({ network, at }: BlockKey): void {
    this.#chancesCount++;
    this.#take((ban) => ban.network === network && ban.at === at);
  }

  clear(): void {
    this.#bans = [];
  }

  #take(isIt: (ban: Ban) => boolean): Ban | undefined {
    const taken = this.#bans.findLast(isIt);
    if (taken) this.#bans = this.#bans.filter((ban) => ban !== taken);
    return taken;
  }
}
