/** Cuts a list into slices, the last one shorter. */
export function* chunksOf<T>(
  list: readonly T[],
  size: number,
): Generator<readonly T[], void, void> {
  if (list.length <= size) {
    yield list;
    return;
  }
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}
