import { expect, test } from 'vitest';
import { Interruption, type SignalSource } from './interruption.ts';

function fakeProcess() {
  const listeners = new Map<string, Set<(signal: 'SIGINT' | 'SIGTERM') => void>>();
  const exits: number[] = [];
  const source: SignalSource = {
    on: (signal, listener) => {
      const known = listeners.get(signal) ?? new Set();
      listeners.set(signal, known.add(listener));
    },
    off: (signal, listener) => listeners.get(signal)?.delete(listener),
    exit: (code) => exits.push(code),
  };
  const send = (signal: 'SIGINT' | 'SIGTERM'): void => {
    for (const listener of listeners.get(signal) ?? []) listener(signal);
  };
  return { source, exits, send };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s asks to stop, the second ends the process with %i', (signal, code) => {
  const { source, exits, send } = fakeProcess();
  let stops = 0;
  let lastWords = 0;
  using interruption = new Interruption({
    onFirst: () => stops++,
    onSecond: () => lastWords++,
    source,
  });
  expect(interruption.exitCode).toBeNull();
  send(signal);
  expect([stops, interruption.exitCode, exits]).toEqual([1, code, []]);
  expect(lastWords).toBe(0);
  send(signal);
  expect([stops, lastWords, exits]).toEqual([1, 1, [code]]);
});

test('once disposed it leaves signals alone', () => {
  const { source, exits, send } = fakeProcess();
  const interruption = new Interruption({ onFirst: () => {}, onSecond: () => {}, source });
  interruption[Symbol.dispose]();
  send('SIGINT');
  expect(interruption.exitCode).toBeNull();
  expect(exits).toEqual([]);
});
