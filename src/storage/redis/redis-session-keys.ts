import { storeKeys } from './store-keys.ts';

const PARTS = [
  'hot',
  'cold',
  'cookies',
  'retired',
  'reasons',
  'log',
  'quarantine',
  'free',
  'held',
  'waits',
  'hands',
  'records',
  'meta',
  'origins',
  'rates',
  'loads',
  'lapses',
  'facts',
  'proxies',
  'proxyNews',
] as const;

export type SessionKeys = Readonly<Record<(typeof PARTS)[number], string>>;

/** The keys of a pool; the headers of the scripts say what is in them. */
export function sessionKeys(prefix: string, name: string): SessionKeys {
  return storeKeys(prefix, 'pool', name, PARTS);
}
