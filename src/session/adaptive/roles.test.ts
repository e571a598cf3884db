import { describe, expect, it } from 'vitest';
import { ADAPTIVE_DEFAULTS } from './adaptive-options.ts';
import { EXPLORER, FOLLOWER, Roles, SCOUT } from './roles.ts';

describe('Roles', () => {
  it('gives one network in ten each role, in the order in which they are let in', () => {
    const roles = new Roles(ADAPTIVE_DEFAULTS.search);
    expect([40, 31, 22, 40].map((network) => roles.of(network))).toEqual([
      SCOUT,
      EXPLORER,
      FOLLOWER,
      SCOUT,
    ]);
    for (let network = 100; network < 107; network++) expect(roles.of(network)).toBe(FOLLOWER);
    expect([1, 2].map((network) => roles.of(network))).toEqual([SCOUT, EXPLORER]);
    expect(roles.count).toBe(12);
  });

  it('has five networks scout and five explore however large the fleet', () => {
    const roles = new Roles(ADAPTIVE_DEFAULTS.search);
    const given = Array.from({ length: 3000 }, (_, network) => roles.of(network));
    expect(given.filter((role) => role === SCOUT)).toHaveLength(5);
    expect(given.filter((role) => role === EXPLORER)).toHaveLength(5);
  });

  it('remembers who took over', () => {
    const roles = new Roles(ADAPTIVE_DEFAULTS.search);
    for (const network of [0, 1, 2]) roles.of(network);
    roles.recruit(2);
    expect(roles.of(2)).toBe(EXPLORER);
  });
});
