/** What a number is drawn for; each has a stream of its own. */
const PURPOSES = {
  proxyLatency: 1,
  proxyFailure: 2,
  proxyBlock: 3,
  latency: 4,
  latencyAngle: 5,
  slow: 6,
  error: 7,
  status: 8,
  block: 9,
  softBlock: 10,
  poison: 11,
  outage: 12,
  shuffle: 13,
} as const;

export type Purpose = keyof typeof PURPOSES;

/**
 * The world's randomness: a hash of seed, proxy, number of the request through that proxy, and purpose. Two policies
 * in one world throw the same dice, however differently they order their requests, so that they can be compared
 * pair by pair. The mixer is the 32-bit finaliser of MurmurHash3 by Austin Appleby.
 */
export class Dice {
  readonly #seed: number;

  constructor(seed: number | string) {
    let hash = 0x811c9dc5;
    for (const letter of String(seed)) {
      hash = mix(Math.imul(hash ^ (letter.codePointAt(0) as number), 0x01000193));
    }
    this.#seed = hash;
  }

  /** Uniform in [0, 1). */
  draw(subject: number, nth: number, purpose: Purpose): number {
    let hash = mix(this.#seed ^ Math.imul(subject + 1, 0x9e3779b1));
    hash = mix(hash ^ Math.imul(nth + 1, 0x85ebca77));
    hash = mix(hash ^ Math.imul(PURPOSES[purpose], 0xc2b2ae3d));
    return (hash >>> 0) / 4_294_967_296;
  }

  /** Standard normal, after Box and Muller. */
  drawNormal(subject: number, nth: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.draw(subject, nth, 'latency')));
    return radius * Math.cos(2 * Math.PI * this.draw(subject, nth, 'latencyAngle'));
  }
}

function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
