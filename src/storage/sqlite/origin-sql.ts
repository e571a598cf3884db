// Origins with `turn` stand in the ring, those with `is_paced` wait for `next_at`, the others have nothing to claim. The
// conditions are those of the partial indexes, to the letter.

const HAS_READY = `EXISTS (
  SELECT 1 FROM requests
  WHERE requests.store = origins.store AND requests.origin = origins.origin AND state = 0)`;

/** And whether it has its turn already, or waits. */
export const FIND_ORIGIN: string = `
  SELECT origin, turn IS NOT NULL OR is_paced FROM request_origins WHERE store = ? AND name = ?`;
export const INSERT_ORIGIN: string = `
  INSERT INTO request_origins (store, next_at, is_paced, name) VALUES (?, 0, 0, ?) RETURNING origin`;
/** Where it has its turn already, or waits, it stays as it is. */
export const ENTER: string = `
  UPDATE request_origins
  SET is_paced = next_at > 0, turn = CASE WHEN next_at > 0 THEN NULL ELSE ? END
  WHERE origin = ? AND turn IS NULL AND is_paced = 0`;
export const WAKE_ORIGINS: string = `
  UPDATE request_origins SET is_paced = 0, next_at = 0, turn = ?
  WHERE store = ? AND is_paced = 1 AND next_at <= ?`;
export const RING: string = `
  SELECT origin, name FROM request_origins
  WHERE store = ? AND turn IS NOT NULL ORDER BY turn, origin LIMIT ?`;
export const PASS: string = `
  UPDATE request_origins AS origins
  SET next_at = 0, is_paced = 0, turn = CASE WHEN ${HAS_READY} THEN ? END WHERE origin = ?`;
export const REST: string = `
  UPDATE request_origins AS origins
  SET next_at = ?, is_paced = ${HAS_READY}, turn = NULL WHERE origin = ?`;
export const FIRST_PACED: string = `
  SELECT next_at FROM request_origins WHERE store = ? AND is_paced = 1 ORDER BY next_at LIMIT 1`;
/** Of requests just given back, those origins that have something to claim again. */
export const ORIGINS_OF: string = `
  SELECT DISTINCT returned.origin FROM json_each(?) AS wanted
  CROSS JOIN requests AS returned ON returned.store = ? AND returned.id = wanted.value
  WHERE returned.state = 0`;
export const NEXT_TURN: string = `
  SELECT 0 FROM request_origins AS origins
  WHERE store = ? AND turn IS NOT NULL AND ${HAS_READY} LIMIT 1`;
export const NEXT_PACED: string = `
  SELECT next_at FROM request_origins AS origins
  WHERE store = ? AND is_paced = 1 AND ${HAS_READY} ORDER BY next_at LIMIT 1`;
export const DELETE_ORIGINS: string = 'DELETE FROM request_origins WHERE store = ?';
