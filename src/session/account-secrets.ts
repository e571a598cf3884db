import { messageOf, TroupeError } from '../core/errors.ts';

const HIDDEN = '***';
/** Shorter ones would blank out half of every text. */
const MIN_LENGTH = 4;

/** Knows the secrets of one account, to take them out of errors that people and files will see. */
export class AccountSecrets {
  readonly #texts: readonly string[];

  /** Every text in it is one, the id aside. */
  constructor(account: { readonly id: string }) {
    const { id, ...rest } = account;
    const texts = new Set<string>();
    collect(rest, texts, new Set());
    texts.delete(id);
    this.#texts = [...texts]
      .flatMap((text) => [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)])
      .sort((a, b) => b.length - a.length);
  }

  /** The error itself when it holds none of them, else one that says the same without. */
  without(error: unknown): unknown {
    if (!this.#isTelling(error)) return error;
    return new TroupeError('TROUPE_ACCOUNT_HOOK', this.#hide(messageOf(error)));
  }

  #isTelling(error: unknown): boolean {
    if (!(error instanceof Error)) return true;
    const shown = [error.message, error.stack ?? '', ...Object.values(error).map(textOf)];
    if (shown.some((text) => this.#hide(text) !== text)) return true;
    return error.cause !== undefined && this.#isTelling(error.cause);
  }

  #hide(text: string): string {
    return this.#texts.reduce((safe, secret) => safe.replaceAll(secret, HIDDEN), text);
  }
}

function collect(value: unknown, texts: Set<string>, seen: Set<object>): void {
  if (typeof value === 'string' && value.length >= MIN_LENGTH) texts.add(value);
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const item of Object.values(value)) collect(item, texts, seen);
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
