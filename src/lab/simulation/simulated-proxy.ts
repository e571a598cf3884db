import type { Amount, ProxyGroup, ProxyState } from '../worlds/world.ts';
import type { Dice, Purpose } from './dice.ts';

/** One proxy, every number drawn. */
export interface SimulatedProxy {
  readonly index: number;
  readonly url: string;
  readonly state: ProxyState;
  readonly latencyMs: number;
  readonly failureShare: number;
  readonly blockShare: number;
  /** Number of its /24. */
  readonly network: number;
}

/** The proxies of all groups, shuffled: their order must not tell what they are. */
export function layOutProxies(
  groups: readonly Required<ProxyGroup>[],
  dice: Dice,
): SimulatedProxy[] {
  const laidOut: { group: Required<ProxyGroup>; network: number; host: number }[] = [];
  let network = -1;
  for (const group of groups) {
    for (let nth = 0; nth < group.count; nth++) {
      const host = nth % group.perNetwork;
      if (host === 0) network++;
      laidOut.push({ group, network, host: host + 1 });
    }
  }
  for (let last = laidOut.length - 1; last > 0; last--) {
    const other = Math.floor(dice.draw(last, -1, 'shuffle') * (last + 1));
    [laidOut[last], laidOut[other]] = [
      laidOut[other] as (typeof laidOut)[0],
      laidOut[last] as (typeof laidOut)[0],
    ];
  }
  return laidOut.map(({ group, network: net, host }, index) => ({
    index,
    url: `http://10.${net >> 8}.${net & 255}.${host}:8000`,
    state: group.state,
    latencyMs: amountOf(group.latencyMs, dice, index, 'proxyLatency'),
    failureShare: amountOf(group.failureShare, dice, index, 'proxyFailure'),
    blockShare: amountOf(group.blockShare, dice, index, 'proxyBlock'),
    network: net,
  }));
}

function amountOf(amount: Amount, dice: Dice, index: number, purpose: Purpose): number {
  if (typeof amount === 'number') return amount;
  return amount.from + (amount.to - amount.from) * dice.draw(index, -1, purpose);
}
