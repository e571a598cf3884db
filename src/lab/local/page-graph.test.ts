import { expect, test } from 'vitest';
import { PageGraph } from './page-graph.ts';

function reachableFrom(graph: PageGraph, start: number): Set<number> {
  const seen = new Set([start]);
  for (const page of seen) for (const link of graph.linksOf(page)) seen.add(link);
  return seen;
}

test.each([1, 2, 5, 500])('all of %i pages can be reached from the first', (pagesCount) => {
  for (const seed of [1, 2]) {
    const reachable = reachableFrom(new PageGraph(pagesCount, seed), 1);
    expect(reachable.size).toBe(pagesCount);
    expect(Math.max(...reachable)).toBe(pagesCount);
  }
});

test('a page is the same text for the same seed, with its links in it', () => {
  const graph = new PageGraph(500, 3);
  expect(graph.html(7)).toBe(new PageGraph(500, 3).html(7));
  expect(graph.html(7)).not.toBe(new PageGraph(500, 4).html(7));
  for (const link of graph.linksOf(7)) expect(graph.html(7)).toContain(`href="/page/${link}"`);
});
