/** What rendezvous hashing chooses from. */
export interface RendezvousNode {
  readonly key: string;
  /** {@link hashText} of the key. */
  readonly hash: number;
}

/**
 * The node a text belongs to: the one with the highest score. It depends on nothing but the keys, so it
 * is the same after a restart, in any order of the nodes, and when nodes go only their texts move.
 * O(n). Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
 */
export function rendezvous<Node extends RendezvousNode>(
  nodes: readonly Node[],
  text: string,
): Node | undefined {
  const textHash = hashText(text);
  let best: Node | undefined;
  let bestScore = -1;
  for (const node of nodes) {
    const score = mix(Math.imul(textHash, 0x9e3779b1) ^ node.hash) >>> 0;
    if (score > bestScore || (score === bestScore && best && node.key < best.key)) {
      best = node;
      bestScore = score;
    }
  }
  return best;
}

/** 32 bits: FNV-1a over the code units, then mixed so that similar texts differ in all bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/** The finaliser of MurmurHash3 (Austin Appleby). */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
