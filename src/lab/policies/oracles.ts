import type { Clock } from '../../core/clock.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import { OracleLender } from './oracle-lender.ts';
import type { Oracle } from './policy.ts';

/**
 * Knows which proxies work, how fast each is and how often it is refused, every bucket's level, every outage and every
 * poisoned URL. It does not know how the dice will fall: a request that is refused or fails at random is paid for.
 * It sends whenever a slot is free and a useful address has a token left, the best use of a slot first, and so
 * never meets a limit. No policy that obeys the site's limits can send more; to break a limit brings nothing.
 */
export const goodputOracle: Oracle = {
  name: 'oracle-goodput',
  summary: 'Sees the hidden state; delivers as many pages as the world lets anybody have.',
  isOracle: true,
  lenderFor: (world: SimulatedWorld, clock: Clock) =>
    new OracleLender({ world, clock, aim: 'goodput' }),
};

/**
 * Knows the same, and sends only through the addresses that fail least of all, however slow that is. What is left of
 * waste is what the site does to everybody at random.
 */
export const wasteOracle: Oracle = {
  name: 'oracle-waste',
  summary: 'Sees the hidden state; sends only where a request fails least.',
  isOracle: true,
  lenderFor: (world: SimulatedWorld, clock: Clock) =>
    new OracleLender({ world, clock, aim: 'waste' }),
};
