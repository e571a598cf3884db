import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import { SeededRandom } from '../core/random.ts';
import { parseProxyUrl } from './parse-proxy-url.ts';
import type { ProxyEntry } from './proxy-entry.ts';
import { ProxyRoster } from './proxy-roster.ts';

function rosterOf(...names: string[]): ProxyRoster {
  const roster = new ProxyRoster(new FakeClock());
  roster.replace(listOf(...names));
  return roster;
}

function listOf(...names: string[]): (ReturnType<typeof parseProxyUrl> | null)[] {
  return names.map((name) => (name === 'direct' ? null : parseProxyUrl(`http://${name}:1`)));
}

function nameOf(entry: ProxyEntry | undefined): string | undefined {
  return entry?.info?.hostname ?? entry?.key;
}

describe('ProxyRoster', () => {
  it('leaves those that were never given out to chance once it is shuffled, also those listed later', () => {
    const names = Array.from({ length: 20 }, (_, index) => `h${index}`);
    const orderOf = (seed: number) => {
      const roster = rosterOf(...names.slice(0, 10));
      roster.shuffle(new SeededRandom(seed));
      roster.replace(listOf(...names));
      return names.map(() => {
        const entry = roster.leastBound() as ProxyEntry;
        roster.take(entry);
        return nameOf(entry);
      });
    };
    expect(new Set(orderOf(1)).size).toBe(20);
    expect(orderOf(1)).not.toEqual(names);
    expect(orderOf(1)).not.toEqual(orderOf(2));
  });

  it('always gives an entry with the fewest bindings, and among those the one given longest ago', () => {
    const step = fc.oneof(fc.constant('bind'), fc.nat(50));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(step, { maxLength: 100 }),
        (size, steps) => {
          const names = Array.from({ length: size }, (_, index) => `h${index}`);
          const roster = rosterOf(...names);
          const counts = new Map(names.map((name) => [name, 0]));
          const turns = new Map<string, number>();
          const live: ProxyEntry[] = [];
          for (const [turn, action] of steps.entries()) {
            if (action !== 'bind') {
              const [entry] = live.splice((action as number) % Math.max(1, live.length), 1);
              if (!entry) continue;
              roster.giveBack(entry);
              counts.set(
                nameOf(entry) as string,
                (counts.get(nameOf(entry) as string) as number) - 1,
              );
              continue;
            }
            const entry = roster.leastBound() as ProxyEntry;
            const name = nameOf(entry) as string;
            const fewest = Math.min(...counts.values());
            const candidates = names.filter((other) => counts.get(other) === fewest);
            const oldest = Math.min(...candidates.map((other) => turns.get(other) ?? -1));
            expect(candidates).toContain(name);
            expect(turns.get(name) ?? -1).toBe(oldest);
            roster.take(entry);
            counts.set(name, fewest + 1);
            turns.set(name, turn);
            live.push(entry);
          }
        },
      ),
    );
  });

  it('gives the next best when the best is to be avoided, and the best when there is no other', () => {
    const roster = rosterOf('a', 'b', 'c');
    const a = roster.find('http://a:1');
    expect(nameOf(roster.leastBound(a))).not.toBe('a');
    const alone = rosterOf('a');
    expect(nameOf(alone.leastBound(alone.find('http://a:1')))).toBe('a');
  });

  it('gives each in turn, and goes on after a reload', () => {
    const roster = rosterOf('a', 'b', 'c');
    expect([1, 2, 3, 4].map(() => nameOf(roster.next()))).toEqual(['a', 'b', 'c', 'a']);
    roster.replace(listOf('a'));
    expect([1, 2].map(() => nameOf(roster.next()))).toEqual(['a', 'a']);
  });

  it('keeps what is bound when it leaves the list, and knows it when it comes back', () => {
    const roster = rosterOf('a', 'b');
    const a = roster.find('http://a:1') as ProxyEntry;
    roster.take(a);
    expect(roster.replace(listOf('b', 'c'))).toEqual({ addedCount: 1, removedCount: 1 });
    expect(roster.find('http://a:1')).toBe(a);
    expect(roster.listed.map(nameOf)).toEqual(['b', 'c']);
    roster.replace(listOf('a', 'b', 'c'));
    expect(roster.find('http://a:1')).toBe(a);
    expect(nameOf(roster.leastBound())).not.toBe('a');
  });

  it('forgets what has left the list and is bound to nothing', () => {
    const roster = rosterOf('a', 'b');
    const a = roster.find('http://a:1') as ProxyEntry;
    roster.take(a);
    roster.replace(listOf('c'));
    expect(roster.find('http://b:1')).toBeUndefined();
    roster.giveBack(a);
    expect(roster.find('http://a:1')).toBeUndefined();
  });

  it('finds a template by the URL that was made of it for a session', () => {
    const roster = new ProxyRoster(new FakeClock());
    roster.replace([parseProxyUrl('http://u-{session}:p@gate:1')]);
    expect(roster.find('http://u-abc:p@gate:1', 'abc')).toBe(roster.listed[0]);
    expect(roster.find('http://u-abc:p@gate:1', 'other')).toBeUndefined();
  });

  it('binds nothing new to a proxy that failed, until its rest is over', async () => {
    const clock = new FakeClock();
    const roster = new ProxyRoster(clock);
    roster.replace(listOf('a', 'b'));
    const a = roster.find('http://a:1') as ProxyEntry;
    roster.take(roster.find('http://b:1') as ProxyEntry);
    roster.judge(a, 'failed');
    expect(nameOf(roster.leastBound())).toBe('b');
    await clock.advance(9_999);
    expect(nameOf(roster.leastBound())).toBe('b');
    await clock.advance(1);
    expect(nameOf(roster.leastBound())).toBe('a');
  });

  it('lets a proxy rest longer each time, at most ten minutes, and not at all after a success', async () => {
    const clock = new FakeClock();
    const roster = new ProxyRoster(clock);
    roster.replace(listOf('a'));
    const a = roster.find('http://a:1') as ProxyEntry;
    const rests: number[] = [];
    for (let index = 0; index < 9; index++) {
      for (let seenBy = 0; seenBy < 8; seenBy++) roster.judge(a, 'failed');
      const restMs = a.restUntil - clock.monotonicMs();
      rests.push(restMs / 1000);
      await clock.advance(restMs);
    }
    expect(rests).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    roster.judge(a, 'failed');
    roster.judge(a, 'good');
    expect(a.restUntil).toBe(0);
    roster.judge(a, 'failed');
    expect(a.restUntil - clock.monotonicMs()).toBe(10_000);
  });

  it('takes two bans or timeouts for a failure, but only without a success between', () => {
    const roster = rosterOf('a', 'b');
    const a = roster.find('http://a:1') as ProxyEntry;
    roster.take(roster.find('http://b:1') as ProxyEntry);
    roster.judge(a, 'blocked');
    roster.judge(a, 'good');
    roster.judge(a, 'timeout');
    expect(nameOf(roster.leastBound())).toBe('a');
    roster.judge(a, 'blocked');
    expect(nameOf(roster.leastBound())).toBe('b');
  });

  it('gives the one whose rest ends first when all rest, keeping to what is to be avoided', async () => {
    const clock = new FakeClock();
    const roster = new ProxyRoster(clock);
    roster.replace(listOf('a', 'b'));
    const [a, b] = roster.listed as [ProxyEntry, ProxyEntry];
    roster.judge(b, 'failed');
    expect(roster.leastBound(a)).toBe(b);
    await clock.advance(1);
    roster.judge(a, 'failed');
    expect(roster.leastBound()).toBe(b);
    expect(roster.leastBound(b)).toBe(a);
  });

  it('lets a proxy go on resting over a reload', () => {
    const roster = rosterOf('a', 'b');
    const a = roster.find('http://a:1') as ProxyEntry;
    roster.judge(a, 'failed');
    roster.replace(listOf('a', 'c'));
    for (let index = 0; index < 5; index++) {
      const entry = roster.leastBound() as ProxyEntry;
      expect(nameOf(entry)).toBe('c');
      roster.take(entry);
    }
  });

  it('keeps its order through any mix of reports, bindings and time', async () => {
    const step = fc.oneof(
      fc.tuple(fc.constantFrom('failed', 'good', 'blocked', 'timeout', 'bind'), fc.nat(4)),
      fc.tuple(fc.constant('wait'), fc.constantFrom(1, 5_000, 20_000)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let now = 0;
        const roster = new ProxyRoster({ monotonicMs: () => now });
        roster.replace(listOf('a', 'b', 'c', 'd', 'e'));
        for (const [action, value] of steps) {
          const entry = roster.listed[value] as ProxyEntry;
          if (action === 'wait') now += value;
          else if (action === 'bind') roster.take(entry);
          else roster.judge(entry, action as 'good');
          const awake = roster.listed.filter((other) => other.restUntil <= now);
          const chosen = roster.leastBound() as ProxyEntry;
          if (awake.length > 0) {
            expect(awake).toContain(chosen);
            expect(chosen.bindingsCount).toBe(
              Math.min(...awake.map((other) => other.bindingsCount)),
            );
          } else {
            expect(chosen.restUntil).toBe(
              Math.min(...roster.listed.map((other) => other.restUntil)),
            );
          }
        }
      }),
    );
  });
});
