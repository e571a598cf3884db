/**
 * Runs the callback once what the sockets have ready was delivered. A process that was busy finds its timers due
 * before it looks at its sockets; without this it would take its own delay for that of a site or a proxy.
 */
export function afterPoll(callback: () => void): void {
  setImmediate(callback);
}
