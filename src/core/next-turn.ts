/** Lets the event loop turn once: whoever waits for input or a timer gets its go before long work goes on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
