/** What changes at every use: small, fixed columns. Times are wall-clock ms. */
export interface SessionHotRow {
  readonly id: string;
  readonly usageCount: number;
  readonly errorScore: number;
  readonly lastUsedAt: number;
  /** Nothing goes out on the session before this time; 0 when it is not cooling. */
  readonly cooldownUntil: number;
  readonly cooldownStep: number;
}

/** What changes rarely: limits, identity, cookies, user data. One JSON text, opaque to the store. */
export interface SessionColdRow {
  readonly id: string;
  readonly body: string;
}

export interface StoredSession {
  readonly hot: SessionHotRow;
  readonly body: string;
}

export interface RetiredSession {
  readonly id: string;
  readonly reason: string;
  readonly retiredAt: number;
}
