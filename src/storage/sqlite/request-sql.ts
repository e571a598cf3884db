// States: 0 ready, 1 locked, 2 delayed, 3 handled, 4 failed, which counts as handled. The conditions on `state` are those of the partial indexes,
// to the letter: else SQLite would not use them, and a claim would scan every handled request.

/** Rows between two chances for the event loop: a millisecond or two. */
export const CHUNK: number = 200;

/** Of those that are known: twice the index among the wanted, plus one if it is handled. One value, since rows take the driver long. */
export const FIND: string = `
  SELECT json_group_array(2 * wanted.key + (known.state >= 3)) FROM json_each(?) AS wanted
  CROSS JOIN requests AS known ON known.store = ? AND known.id = wanted.value`;
export const INSERT: string = `
  INSERT INTO requests (store, id, state, position, due_at, unique_key, body, origin)
  VALUES (?, ?, 0, ?, 0, ?, ?, ?)`;
export const WAKE: string = `
  UPDATE requests SET state = 0 WHERE seq IN (
    SELECT seq FROM requests WHERE store = ? AND state IN (1, 2) AND due_at <= ? LIMIT ${CHUNK})
  RETURNING origin`;
export const LOCK: string = `
  UPDATE requests SET state = 1, due_at = ?, fence = ? WHERE seq IN (
    SELECT seq FROM requests WHERE store = ? AND origin = ? AND state = 0 ORDER BY position LIMIT ?)
  RETURNING position, id, unique_key, body`;
export const EXTEND: string =
  'UPDATE requests SET state = 1, due_at = ? WHERE store = ? AND id = ? AND fence = ?';
export const HANDLE: string =
  'UPDATE requests SET state = ?, fence = NULL, body = ? WHERE store = ? AND id = ? AND fence = ?';
export const GIVE_BACK: string = `
  UPDATE requests SET state = ?, due_at = ?, position = ?, fence = NULL, body = ?
  WHERE store = ? AND id = ? AND fence = ?`;
export const GET: string = `
  SELECT unique_key, body, state >= 3,
    (SELECT name FROM request_origins WHERE request_origins.origin = requests.origin)
  FROM requests WHERE store = ? AND id = ?`;
export const FAILED: string = `
  SELECT seq, id, unique_key, body,
    (SELECT name FROM request_origins WHERE request_origins.origin = requests.origin)
  FROM requests WHERE store = ? AND state = 4 AND seq > ? ORDER BY seq LIMIT ${CHUNK}`;
export const RETRY_FAILED: string = `
  UPDATE requests SET state = 0, position = ?, body = ? WHERE store = ? AND id = ? AND state = 4`;
export const COUNT_LOCKED: string = `
  SELECT count(*) FROM requests
  WHERE store = ? AND state IN (1, 2) AND due_at > ? AND state = 1`;
export const NEXT_WAITING: string = `
  SELECT due_at FROM requests WHERE store = ? AND state IN (1, 2) ORDER BY due_at LIMIT 1`;
export const DELETE: string = `
  DELETE FROM requests WHERE seq IN (SELECT seq FROM requests WHERE store = ? LIMIT ${CHUNK})`;
