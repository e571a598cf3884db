/** A queue has a part of its own for each of its shards. */
export type StoreKind = 'values' | 'dataset' | 'queue' | `queue/${number}` | 'pool';

/**
 * The keys of one named store. What stands in braces decides the Cluster's slot (the hash tag), so all keys of a
 * store lie on one node, and scripts may use them together.
 */
export function storeKeys<Part extends string>(
  prefix: string,
  kind: StoreKind,
  name: string,
  parts: readonly Part[],
): Readonly<Record<Part, string>> {
  const entries = parts.map((part) => [part, `${prefix}:{${kind}:${name}}:${part}`]);
  return Object.freeze(Object.fromEntries(entries)) as Readonly<Record<Part, string>>;
}
