import type { Storage } from '../storage/storage.ts';

/** What crawlers of this process use of one storage without having named it. */
interface Uses {
  readonly queues: Set<number>;
  isDatasetFresh: boolean;
}

const byPath = new Map<string, Uses>();
const byStorage = new WeakMap<Storage, Uses>();

/** A queue nobody named, and what is known about its surroundings. */
export interface DefaultNames {
  readonly queueName: string;
  /** The default dataset has not been used by this process before, so what it holds is from an earlier one. */
  readonly isFirst: boolean;
  /** The queue's name may be used again. */
  release(): void;
}

/**
 * Gives each of several crawlers that run at once on one storage a queue of its own: `default`, `default-2`, …
 * They share the default dataset, which an earlier process may have left behind but none of these may lose.
 *
 * @param place a borrowed storage, or the path of our own
 */
export function takeDefaultNames(place: Storage | string): DefaultNames {
  const uses = usesOf(place);
  let number = 1;
  while (uses.queues.has(number)) number++;
  uses.queues.add(number);
  const isFirst = uses.isDatasetFresh;
  uses.isDatasetFresh = false;
  return {
    queueName: number === 1 ? 'default' : `default-${number}`,
    isFirst,
    release: () => uses.queues.delete(number),
  };
}

function usesOf(place: Storage | string): Uses {
  const known = typeof place === 'string' ? byPath.get(place) : byStorage.get(place);
  if (known) return known;
  const made: Uses = { queues: new Set(), isDatasetFresh: true };
  if (typeof place === 'string') byPath.set(place, made);
  else byStorage.set(place, made);
  return made;
}
