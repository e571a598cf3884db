import { chunksOf } from '../chunks.ts';
import type {
  Absence,
  CookieChange,
  HeldSession,
  OriginNews,
  OriginReport,
  ProxyReport,
  SessionFact,
} from '../session-hands.ts';
import type { RetiredSession, SessionHotRow } from '../session-store.ts';

const FLOAT_BYTES = 4;

// How the parts of a session are written. The scripts read some of them: see hand.lua, cookie.lua and origin.lua.

export function hotText(row: SessionHotRow): string {
  const { usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep } = row;
  return [usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep].join(' ');
}

/** `undefined` when the text is not what {@link hotText} writes. */
export function hotRowOf(id: string, text: string): SessionHotRow | undefined {
  const numbers = text.split(' ').map(Number);
  if (numbers.length !== 5 || !numbers.every(Number.isFinite)) return undefined;
  const [usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep] = numbers as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { id, usageCount, errorScore, lastUsedAt, cooldownUntil, cooldownStep };
}

export function cookieText({ key, json, at }: CookieChange): string {
  return `${Math.round(at)} ${Buffer.byteLength(key)} ${key}${json ?? ''}`;
}

export function factText({ errorScoreChange, restMs }: SessionFact): string {
  return `${errorScoreChange} ${Math.max(0, Math.ceil(restMs))}`;
}

/** As `learn` in origin.lua reads it: numbers of 32 bits, which is as exact as anybody needs, and takes no reading of digits. */
export function reportBytes(report: OriginReport): Buffer {
  const { rateChange, firstRate, load, good, bad, upMs, downMs, probe } = report;
  const { leastMs = null, mostMs = null } = probe ?? {};
  const numbers = [rateChange, firstRate, load, good, bad, upMs, downMs, leastMs, mostMs];
  const bytes = Buffer.alloc(numbers.length * FLOAT_BYTES);
  numbers.forEach((number, index) => {
    bytes.writeFloatBE(number ?? Number.NaN, index * FLOAT_BYTES);
  });
  return bytes;
}

export function proxyReportText({ upMs, failure }: ProxyReport): string {
  const { agoMs = null, restMs = null, inRow = null, firstAgoMs = null } = failure ?? {};
  return [upMs, agoMs, restMs, inRow, firstAgoMs].map(short).join(' ');
}

function short(value: number | null): string {
  return value === null ? '-' : String(Math.round(value));
}

/** Of id, ms until it is due, hot part, cold part, cookies; `undefined` when the hot part cannot be read. */
export function heldSessionOf(row: readonly unknown[]): HeldSession | undefined {
  const [id, restMs, hotPart, body, cookies] = row as [string, number, string, string, string[]];
  const hot = hotRowOf(id, hotPart);
  return hot && { hot, body, cookies, restMs };
}

export function absencesOf(texts: readonly string[]): [string, Absence][] {
  return groups(texts, 2).map(([id = '', why]) => [id, why as Absence]);
}

export function retirementsOf(texts: readonly string[]): RetiredSession[] {
  return groups(texts, 3).map(([id = '', reason = '', at]) => ({
    id,
    reason,
    retiredAt: Number(at),
  }));
}

export function originNewsOf(texts: readonly string[]): OriginNews[] {
  return groups(texts, 2).map(([origin = '', text = '']) => {
    const [rate, load, good, bad, isDown, probe] = text.split(' ');
    return {
      origin,
      rate: rate === '-1' ? null : Number(rate),
      load: Number(load),
      good: Number(good),
      bad: Number(bad),
      isDown: isDown === '1',
      probe: Number(probe),
    };
  });
}

/** Of name, ms since something came back, ms since it failed, ms of rest, failures in a row, ms since their first; -1 for never. */
export function proxyNewsOf(row: readonly unknown[]): ProxyReport[] {
  return groups(row as readonly (string | number)[], 6).map(([name = '', ...numbers]) => {
    const [upMs = -1, agoMs = -1, restMs = 0, inRow = 0, firstAgoMs = -1] = numbers.map(Number);
    const failure = { agoMs, restMs, inRow, firstAgoMs: orNull(firstAgoMs) };
    return { name: String(name), upMs: orNull(upMs), failure: agoMs < 0 ? null : failure };
  });
}

function orNull(ms: number): number | null {
  return ms < 0 ? null : ms;
}

export function cookieChangesOf(texts: readonly string[]): CookieChange[] {
  return groups(texts, 3).map(([key = '', at, json = '']) => ({ key, at: Number(at), json }));
}

function groups<T>(list: readonly T[], size: number): (readonly T[])[] {
  return list.length === 0 ? [] : [...chunksOf(list, size)];
}
