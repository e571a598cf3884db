const MAX_RECONNECT_DELAY_MS = 1000;
/** A server that vanished without a word is noticed after this. */
const SOCKET_TIMEOUT_MS = 30_000;
const PING_INTERVAL_MS = 10_000;

/** How often a client of ours tries to connect anew: for as long as `isConnected` says. */
export interface ClientLife {
  readonly isConnected: boolean;
}

/** The settings of node-redis for each client of ours. */
export function clientSettings(life: ClientLife): {
  disableOfflineQueue: true;
  pingInterval: number;
  socket: { socketTimeout: number; reconnectStrategy: (retries: number) => number | false };
} {
  return {
    // Commands must not pile up in the client: whoever waits does so in one place, and for a bounded time.
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL_MS,
    socket: {
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: (retries) =>
        life.isConnected ? Math.min(20 * 2 ** retries, MAX_RECONNECT_DELAY_MS) : false,
    },
  };
}
