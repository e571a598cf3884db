import { describe, expect, it } from 'vitest';
import { coldRow, hotRow, report, retired } from '../../../test/support/session-rows.ts';
import { aged, merged, NO_CHANGES, Unwritten } from './changes.ts';

describe('evidence that is told late', () => {
  it('is as much older, and what is left of a rest as much shorter', () => {
    const failure = { agoMs: 100, restMs: 5000, inRow: 2, firstAgoMs: 900 };
    const evidence = {
      origins: [report('a', { upMs: 10, downMs: 20 }), report('b')],
      watched: ['c'],
      proxies: [
        { name: 'p', upMs: 30, failure },
        { name: 'q', upMs: null, failure: null },
      ],
    };
    expect(aged(evidence, 6000)).toEqual({
      origins: [report('a', { upMs: 6010, downMs: 6020 }), report('b')],
      watched: ['c'],
      proxies: [
        { name: 'p', upMs: 6030, failure: { agoMs: 6100, restMs: 0, inRow: 2, firstAgoMs: 6900 } },
        { name: 'q', upMs: null, failure: null },
      ],
    });
  });
});

describe('Unwritten', () => {
  it('keeps the latest of each session, however often it changes, and adds up what is known of it', () => {
    const unwritten = new Unwritten();
    for (let uses = 1; uses <= 100; uses++) {
      unwritten.keep({
        ...NO_CHANGES,
        hot: [hotRow('a', uses)],
        cold: [coldRow('a')],
        evenIfFull: ['a'],
        cookies: [{ id: 'a', cookies: [{ key: 'k', json: `"${uses}"`, at: uses }] }],
        retired: [retired('b')],
        facts: [{ id: 'c', errorScoreChange: 1, restMs: 100 - uses }],
        returned: [{ id: 'a', restMs: uses }],
      });
    }
    expect(unwritten.all).toEqual({
      ...NO_CHANGES,
      hot: [hotRow('a', 100)],
      cold: [coldRow('a')],
      evenIfFull: ['a'],
      cookies: [{ id: 'a', cookies: [{ key: 'k', json: '"100"', at: 100 }] }],
      retired: [retired('b')],
      facts: [{ id: 'c', errorScoreChange: 100, restMs: 99 }],
      returned: [{ id: 'a', restMs: 100 }],
    });
    unwritten.clear();
    expect(unwritten.all).toBe(NO_CHANGES);
  });

  it('keeps nothing of origins, proxies and places', () => {
    const unwritten = new Unwritten();
    unwritten.keep({ ...NO_CHANGES, origins: [report('a')], watched: ['b'], unusedPlaces: 3 });
    expect(unwritten.all).toEqual(NO_CHANGES);
  });
});

describe('changes in one sync', () => {
  it('all count, but of evidence and places the last alone', () => {
    const first = { ...NO_CHANGES, hot: [hotRow('a')], origins: [report('a')], unusedPlaces: 1 };
    const then = { ...NO_CHANGES, hot: [hotRow('b')], origins: [report('b')], unusedPlaces: 2 };
    expect(merged([first, then])).toEqual({ ...then, hot: [hotRow('a'), hotRow('b')] });
    expect(merged([])).toEqual(NO_CHANGES);
  });
});
