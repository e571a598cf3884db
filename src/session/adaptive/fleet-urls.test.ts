import { expect, it } from 'vitest';
import { FleetUrls } from './fleet-urls.ts';
import { Poison } from './poison.ts';

const URL = 'https://site.example/forbidden?token=hunter2';
const NOW = 1_000_000;

function worker(): { poison: Poison; urls: FleetUrls; blamed: string[] } {
  const options = { sessions: 3, healthyAbove: 0.6, maxChance: 1e-3 };
  const poison = new Poison(options, 10, () => {});
  const blamed: string[] = [];
  return { poison, urls: new FleetUrls(poison, (url) => blamed.push(url)), blamed };
}

function news(origin: string, good: number, bad: number) {
  return { origin, rate: null, load: 0, good, bad, isDown: false, probe: 0 };
}

it('tells how often a URL was blocked, once, and never its text', () => {
  const { poison, urls } = worker();
  poison.noteBlocked(URL, 1, 1, 0.9, NOW);
  const [first] = urls.reports(NOW).origins;
  expect(first).toMatchObject({ good: 1, bad: -Math.log(1 - 0.9) });
  expect(JSON.stringify(first)).not.toMatch(/hunter2|site/);
  expect(urls.reports(NOW)).toEqual({ origins: [], watched: [first?.origin] });
  poison.noteBlocked(URL, 2, 1, 0.9, NOW);
  expect(urls.reports(NOW).origins).toMatchObject([{ good: 1 }]);
  expect(urls.reports(NOW + 120_001)).toEqual({ origins: [], watched: [] });
});

it('blames a URL that was blocked on the sessions of several workers', () => {
  const { poison, urls, blamed } = worker();
  poison.noteBlocked(URL, 1, 1, 0.9, NOW);
  const name = urls.reports(NOW).origins[0]?.origin as string;
  urls.note([news(name, 2, 4.7)]);
  expect(blamed).toEqual([]);
  urls.note([news(name, 2.9, 7)]);
  urls.note([news(name, 2.9, 7)]);
  expect(blamed).toEqual([URL]);
  expect(poison.isBlamed(URL)).toBe(true);
});

it('counts what it told itself only once', () => {
  const { poison, urls, blamed } = worker();
  poison.noteBlocked(URL, 1, 1, 0.9, NOW);
  poison.noteBlocked(URL, 2, 1, 0.9, NOW);
  const name = urls.reports(NOW).origins[0]?.origin as string;
  urls.note([news(name, 2, 4.6), news('https://site.example', 99, 99)]);
  expect(blamed).toEqual([]);
});
