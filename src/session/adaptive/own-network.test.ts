import { expect, it } from 'vitest';
import { OwnNetwork } from './own-network.ts';

const DEAD = 7;
const GOOD = 1;

function confirmed(network: OwnNetwork): number[] {
  return [...network.takeConfirmed()];
}

it('believes a failure once something came back through another proxy soon before and after it', () => {
  const network = new OwnNetwork();
  network.noteAnswer(GOOD, 0);
  network.noteFailure(DEAD, true, 5000);
  expect(confirmed(network)).toEqual([]);
  network.noteAnswer(GOOD, 9000);
  expect(confirmed(network)).toEqual([DEAD]);
  expect(confirmed(network)).toEqual([]);
});

it('believes one at the very beginning, before which nothing can have come back', () => {
  const network = new OwnNetwork();
  network.noteFailure(DEAD, false, 1000);
  network.noteAnswer(GOOD, 2000);
  expect(confirmed(network)).toEqual([DEAD]);
});

it('believes none while nothing comes back, nor afterwards', () => {
  const network = new OwnNetwork();
  network.noteAnswer(GOOD, 0);
  for (let proxy = 10; proxy < 13; proxy++) network.noteFailure(proxy, true, 1000);
  network.noteFailure(DEAD, true, 55_000);
  network.noteAnswer(GOOD, 60_000);
  expect(confirmed(network)).toEqual([]);
  network.noteFailure(DEAD, true, 61_000);
  network.noteAnswer(GOOD, 62_000);
  expect(confirmed(network)).toEqual([DEAD]);
});

it('believes none where more fail in a row than would by chance', () => {
  const network = new OwnNetwork();
  const fail = (count: number, isProven: boolean) => {
    for (let proxy = 10; proxy < 10 + count; proxy++) network.noteFailure(proxy, isProven, 500);
    network.noteAnswer(GOOD, 1000);
    return confirmed(network).length;
  };
  network.noteAnswer(GOOD, 0);
  expect(fail(3, true)).toBe(3);
  expect(fail(4, true)).toBe(0);
  expect(fail(20, false)).toBe(20);
  expect(fail(21, false)).toBe(0);
});

it('takes back what an answer of the proxy itself overtakes', () => {
  const network = new OwnNetwork();
  network.noteFailure(DEAD, true, 1000);
  network.noteAnswer(DEAD, 1500);
  expect(confirmed(network)).toEqual([]);
  network.noteFailure(DEAD, true, 2000);
  network.noteAnswer(GOOD, 2500);
  network.noteAnswer(DEAD, 2600);
  expect(confirmed(network)).toEqual([]);
});

it('seems alive while something has come back of late, and little has failed since', () => {
  const network = new OwnNetwork(60_000);
  expect(network.seemsAlive(0)).toBe(false);
  network.noteAnswer(GOOD, 0);
  for (let proxy = 10; proxy < 13; proxy++) network.noteFailure(proxy, true, 500);
  expect([network.seemsAlive(60_000), network.seemsAlive(60_001)]).toEqual([true, false]);
  network.noteFailure(DEAD, true, 600);
  expect(network.seemsAlive(600)).toBe(false);
});
