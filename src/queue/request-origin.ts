import { registrableDomain } from '../core/registrable-domain.ts';

/** Hosts that `URL` would write in the same way; the last label begins with a letter, so no address is among them. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?=[/?#]|$)/;

/** Scheme, host, and port if it is not the scheme's own; never credentials. */
export function originOfUrl(url: string): string {
  return PLAIN_ORIGIN.exec(url)?.[0] ?? new URL(url).origin;
}

/** What all hosts of one owner have in common: `example.co.uk` for `https://shop.example.co.uk:8080`. */
export function domainOfOrigin(origin: string): string {
  return registrableDomain(origin.replace(/^https?:\/\//, '').replace(/:\d+$/, ''));
}
