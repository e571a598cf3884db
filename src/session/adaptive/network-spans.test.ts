import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { Pacing } from './pacing.ts';
import { PairTable } from './pair-table.ts';
import { extendSpan } from './spans.ts';

const NETWORK = 4;

/** Addresses of one network, at an origin that has not objected yet. */
class Neighbours {
  readonly #pairs = new PairTable(100, () => {});
  readonly #pacing = new Pacing(ADAPTIVE_DEFAULTS.pacing, ADAPTIVE_DEFAULTS.search);
  readonly #pairOf = new Map<number, number>();

  send(address: number, atMs: number) {
    const pair = this.#pairFor(address);
    const own = extendSpan(this.#pairs, pair, this.#pacing, atMs);
    const counted = { pairs: this.#pairs, pair, own };
    return this.#pacing.networkSpans.extend(NETWORK, counted, this.#pacing, atMs);
  }

  block(times: number): void {
    for (let n = 0; n < times; n++) this.#pacing.networkSpans.noteBlocked(NETWORK);
  }

  letIn(): void {
    this.#pacing.networkSpans.noteLetIn(NETWORK);
  }

  #pairFor(address: number): number {
    const known = this.#pairOf.get(address);
    if (known !== undefined) return known;
    const pair = this.#pairs.add(address + 1, 1);
    this.#pairOf.set(address, pair);
    return pair;
  }
}

describe('NetworkSpans', () => {
  it('counts what the addresses of a network send together, as their mean', () => {
    const network = new Neighbours();
    network.send(1, 1000);
    network.send(2, 2000);
    network.send(1, 3000);
    expect(network.send(2, 11_000)).toEqual({ uses: 2, secs: 10, addressesCount: 2 });
  });

  it('begins anew when several in a row were blocked, and not when one was', () => {
    const network = new Neighbours();
    network.send(1, 1000);
    network.send(2, 2000);
    network.block(1);
    network.letIn();
    network.block(1);
    expect(network.send(1, 3000)).toMatchObject({ uses: 1.5, secs: 2 });
    network.block(1);
    expect(network.send(2, 60_000)).toEqual({ uses: 1, secs: 0, addressesCount: 1 });
    expect(network.send(1, 61_000)).toEqual({ uses: 1, secs: 1, addressesCount: 2 });
  });
});
