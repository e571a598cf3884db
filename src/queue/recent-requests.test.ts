import { describe, expect, it } from 'vitest';
import { RecentRequests } from './recent-requests.ts';

function filled(maxCount: number, count: number): RecentRequests {
  const recent = new RecentRequests(maxCount);
  for (let n = 0; n < count; n++) recent.set(`key ${n}`, { id: `id ${n}`, isHandled: false });
  return recent;
}

function knownCount(recent: RecentRequests, count: number): number {
  let known = 0;
  for (let n = 0; n < count; n++) if (recent.get(`key ${n}`)) known++;
  return known;
}

describe('RecentRequests', () => {
  it('remembers the latest, at least half as many as allowed and never more', () => {
    for (const count of [100, 149, 150, 1_000]) {
      const recent = filled(100, count);
      const latest = Array.from({ length: 50 }, (_, index) =>
        recent.get(`key ${count - 1 - index}`),
      );
      expect(latest.every((request) => request !== undefined)).toBe(true);
      expect(knownCount(filled(100, count), count)).toBeLessThanOrEqual(100);
    }
  });

  it('keeps what is asked for again and again', () => {
    const recent = filled(100, 1);
    for (let n = 1; n < 1_000; n++) {
      recent.set(`key ${n}`, { id: `id ${n}`, isHandled: false });
      expect(recent.get('key 0')?.id).toBe('id 0');
    }
  });

  it('remembers nothing when it may not', () => {
    expect(knownCount(filled(0, 10), 10)).toBe(0);
  });
});
