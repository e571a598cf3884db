import type { Connection } from './connection.ts';

/** What a queue keeps about all its requests, so that counting costs nothing. */
export interface QueueRow {
  total: number;
  handled: number;
  /** Position of the foremost request ever put at the forefront; 0 or negative. */
  head: number;
  /** Position of the last request ever put at the end; 0 or positive. */
  tail: number;
  /** Number of the last claim. */
  fence: number;
}

const EMPTY: Readonly<QueueRow> = Object.freeze({
  total: 0,
  handled: 0,
  head: 0,
  tail: 0,
  fence: 0,
});

export function loadQueue(connection: Connection, store: number): QueueRow {
  const row = connection.row<[number, number, number, number, number]>(
    'SELECT total, handled, head, tail, fence FROM request_queues WHERE store = ?',
    store,
  );
  if (!row) return { ...EMPTY };
  const [total, handled, head, tail, fence] = row;
  return { total, handled, head, tail, fence };
}

export function saveQueue(connection: Connection, store: number, row: QueueRow): void {
  connection.run(
    'INSERT OR REPLACE INTO request_queues (store, total, handled, head, tail, fence) VALUES (?, ?, ?, ?, ?, ?)',
    store,
    row.total,
    row.handled,
    row.head,
    row.tail,
    row.fence,
  );
}

export function nextPosition(queue: QueueRow, isForefront: boolean | undefined): number {
  return isForefront ? --queue.head : ++queue.tail;
}
