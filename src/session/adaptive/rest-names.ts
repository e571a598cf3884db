import type { ToldRest } from './rests.ts';

const KINDS: Readonly<Record<string, ToldRest['kind']>> = { ban: 'blocked', '429': 'throttled' };
/** No name of a proxy alone has a space. */
const PATTERN = /^(ban|429) (\S+) (.+)$/s;

/** What rests where, as workers call it among themselves. */
export interface RestName {
  readonly kind: ToldRest['kind'];
  /** The digest of its URL. */
  readonly proxy: string;
  readonly origin: string;
}

export function restNameOf({ kind, proxy, origin }: RestName): string {
  return `${kind === 'blocked' ? 'ban' : '429'} ${proxy} ${origin}`;
}

/** `undefined` for the name of a proxy alone. */
export function readRestName(name: string): RestName | undefined {
  const [, kind = '', proxy = '', origin = ''] = PATTERN.exec(name) ?? [];
  return KINDS[kind] && { kind: KINDS[kind], proxy, origin };
}
