import { expect, test } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { type FetchRobots, Robots } from './robots.ts';

const SIGNAL = new AbortController().signal;
const FILE =
  'User-agent: *\nDisallow: /private\nCrawl-delay: 2\n\nUser-agent: troupe\nDisallow: /troupe\n';

function setUp(
  answer: Awaited<ReturnType<FetchRobots>> | Error,
  userAgent = '*',
): { robots: Robots; fetched: string[]; clock: FakeClock; answers: (typeof answer)[] } {
  const fetched: string[] = [];
  const answers = [answer];
  const clock = new FakeClock();
  const fetch: FetchRobots = async (url) => {
    fetched.push(url);
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) throw next;
    return next as Awaited<ReturnType<FetchRobots>>;
  };
  return { robots: new Robots({ fetch, userAgent, clock }), fetched, clock, answers };
}

test('rules and the crawl delay come from the file, which is fetched once an origin', async () => {
  const { robots, fetched } = setUp({ statusCode: 200, text: FILE });
  const verdicts = await Promise.all(
    ['http://a/', 'http://a/private/x', 'http://b/private'].map((url) => robots.check(url, SIGNAL)),
  );
  expect(verdicts.map((verdict) => verdict.isAllowed)).toEqual([true, false, false]);
  expect(verdicts[0]?.crawlDelaySecs).toBe(2);
  expect(fetched).toEqual(['http://a/robots.txt', 'http://b/robots.txt']);
});

test('a user agent of its own is judged by its own group', async () => {
  const { robots } = setUp({ statusCode: 200, text: FILE }, 'troupe');
  expect((await robots.check('http://a/troupe', SIGNAL)).isAllowed).toBe(false);
  expect((await robots.check('http://a/private', SIGNAL)).isAllowed).toBe(true);
});

test('a file that does not exist allows everything', async () => {
  const { robots } = setUp({ statusCode: 404, text: 'User-agent: *\nDisallow: /' });
  expect((await robots.check('http://a/private', SIGNAL)).isAllowed).toBe(true);
});

test('a file that cannot be had is an error, and asked for again', async () => {
  const { robots, answers, fetched } = setUp({ statusCode: 503, text: '' });
  answers.push(new Error('refused'), { statusCode: 200, text: FILE });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(robots.check('http://a/', SIGNAL)).rejects.toMatchObject({
      code: 'TROUPE_ROBOTS_UNREACHABLE',
    });
  }
  expect((await robots.check('http://a/', SIGNAL)).isAllowed).toBe(true);
  expect(fetched.length).toBe(3);
});

test('links are judged without waiting once the file has been read', async () => {
  const { robots } = setUp({ statusCode: 200, text: FILE });
  const link = new URL('http://a/private');
  expect(robots.isKnownForbidden(link)).toBe(false);
  await robots.check('http://a/', SIGNAL);
  expect(robots.isKnownForbidden(link)).toBe(true);
});

test('the file is read again after a day', async () => {
  const { robots, fetched, clock } = setUp({ statusCode: 200, text: FILE });
  await robots.check('http://a/', SIGNAL);
  await clock.advance(24 * 3600_000);
  await robots.check('http://a/', SIGNAL);
  expect(fetched.length).toBe(2);
});
