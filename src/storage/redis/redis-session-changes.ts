import type { HandChanges } from '../session-hands.ts';
import type { RedisArgument } from './redis-client.ts';
import { cookieText, factText, hotText, proxyReportText, reportBytes } from './session-text.ts';

/** One change, as the script of a sync takes it. */
export interface ChangeItem {
  readonly part: string;
  readonly id: string;
  readonly text: RedisArgument;
  readonly value: string;
}

/** Changes in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 500;
const CHUNK_CHARACTERS = 1_000_000;

/**
 * In calls that are not too large; all changes of a session are in one. There is one call at least. Sessions whose two
 * rows are there are new, or those in `whole` where that is given.
 */
export function callsFor(changes: HandChanges, whole?: readonly string[]): ChangeItem[][] {
  const calls: ChangeItem[][] = [];
  let call: ChangeItem[] = [];
  let characters = 0;
  for (const group of groupsOf(changes, whole)) {
    const size = group.reduce((sum, { id, text }) => sum + id.length + text.length, 0);
    const isFull = call.length + group.length > CHUNK || characters + size > CHUNK_CHARACTERS;
    if (isFull && call.length > 0) {
      calls.push(call);
      call = [];
      characters = 0;
    }
    call.push(...group);
    characters += size;
  }
  calls.push(call);
  return calls;
}

/** Those of each session, in the order in which they are to be made; then each origin and proxy. */
function groupsOf(changes: HandChanges, whole?: readonly string[]): Iterable<ChangeItem[]> {
  const groups = new Map<string, ChangeItem[]>();
  const add = (part: string, id: string, text: string, value = ''): void => {
    const item = { part, id, text, value };
    const group = groups.get(id);
    if (group) group.push(item);
    else groups.set(id, [item]);
  };
  const extra = new Set(changes.evenIfFull);
  const complete = new Set(whole ?? changes.hot.map(({ id }) => id));
  const retired = new Set(changes.retired.map(({ id }) => id));
  for (const { id, body } of changes.cold) {
    add(complete.has(id) ? (extra.has(id) ? 'extra' : 'new') : 'cold', id, body);
  }
  for (const fact of changes.facts) add('fact', fact.id, factText(fact));
  for (const row of changes.hot) add('hot', row.id, hotText(row));
  for (const { id, cookies } of changes.cookies) {
    for (const cookie of cookies) add('cookie', id, cookieText(cookie));
  }
  for (const { id, reason, retiredAt } of changes.retired) {
    add('retired', id, reason, String(retiredAt));
  }
  for (const { id, restMs } of changes.returned) {
    if (!retired.has(id)) add('returned', id, '', String(Math.max(0, Math.ceil(restMs))));
  }
  const origins = changes.origins.map((report) => [
    {
      part: 'origin',
      id: report.origin,
      text: reportBytes(report),
      value: report.isFirst ? '1' : '',
    },
  ]);
  const proxies = changes.proxies.map((report) => [
    { part: 'proxy', id: report.name, text: proxyReportText(report), value: '' },
  ]);
  return [...groups.values(), ...origins, ...proxies];
}
