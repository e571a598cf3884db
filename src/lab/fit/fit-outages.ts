import type { Outage } from '../worlds/world.ts';
import type { ProxyHistory, Sent } from './proxy-history.ts';

/** So long without a single page, although several proxies tried, is an outage. */
const LEAST_SECS = 30;
const LEAST_ATTEMPTS = 10;
const LEAST_PROXIES = 5;

/** Times in which nobody got a page from proxies that served pages before or after, in seconds from `startMs`. */
export function outagesOf(histories: readonly ProxyHistory[], startMs: number): Required<Outage>[] {
  const sent = histories
    .filter((history) => history.sent.some(({ kind }) => kind === 'ok'))
    .flatMap(({ proxy, sent: own }) => own.map((one) => ({ ...one, proxy })))
    .sort((a, b) => a.sentMs - b.sentMs);
  const outages: Required<Outage>[] = [];
  let gap: typeof sent = [];
  const close = (): void => {
    const outage = outageOf(gap, startMs);
    if (outage) outages.push(outage);
    gap = [];
  };
  for (const one of sent) {
    if (one.kind === 'ok') close();
    else gap.push(one);
  }
  close();
  return outages;
}

/** Histories without what was sent while the site was down. */
export function withoutOutages(
  histories: readonly ProxyHistory[],
  outages: readonly Outage[],
  startMs: number,
): ProxyHistory[] {
  if (outages.length === 0) return [...histories];
  const isInside = ({ sentMs }: Sent): boolean =>
    outages.some(({ fromSecs, secs }) => {
      const atSecs = (sentMs - startMs) / 1000;
      return atSecs >= fromSecs && atSecs <= fromSecs + secs;
    });
  return histories.map((history) => ({
    ...history,
    sent: history.sent.filter((one) => !isInside(one)),
  }));
}

function outageOf(
  gap: readonly (Sent & { readonly proxy: string })[],
  startMs: number,
): Required<Outage> | undefined {
  const failed = gap.filter(({ kind }) => kind !== 'throttled' && kind !== 'proxy');
  const first = failed[0];
  const last = failed.at(-1);
  if (!first || !last || failed.length < LEAST_ATTEMPTS) return undefined;
  const secs = (last.sentMs - first.sentMs) / 1000;
  if (secs < LEAST_SECS || new Set(failed.map(({ proxy }) => proxy)).size < LEAST_PROXIES) {
    return undefined;
  }
  const share = (wanted: Sent['kind']): number =>
    failed.filter(({ kind }) => kind === wanted).length / failed.length;
  const answer =
    share('blocked') > 0.8
      ? 'blocked'
      : share('target') > 0.8
        ? 'error'
        : share('timeout') > 0.8
          ? 'silence'
          : 'mixed';
  return {
    fromSecs: Math.max(0, Math.round((first.sentMs - startMs) / 1000)),
    secs: Math.round(secs),
    answer,
  };
}
