import { messageOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';

/** Lines shown before the rest are only counted: a site that is down would bury everything else. */
const MAX_SHOWN = 20;

/** Tells of the pages that were given up, and keeps those apart that were no pages to begin with. */
export class FailedPages {
  readonly #print: (line: string) => void;
  #failedCount = 0;
  #notPagesCount = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get failedCount(): number {
    return this.#failedCount;
  }

  /** Links to images, archives and the like. */
  get notPagesCount(): number {
    return this.#notPagesCount;
  }

  add(url: string, error: unknown): void {
    if ((error as { code?: unknown } | null)?.code === 'TROUPE_UNSUPPORTED_CONTENT_TYPE') {
      this.#notPagesCount++;
      return;
    }
    this.#failedCount++;
    if (this.#failedCount > MAX_SHOWN) return;
    const message = messageOf(error);
    const text = message.includes(url) ? message : `${url}: ${message}`;
    this.#print(redactText(`failed: ${text}`));
    if (this.#failedCount === MAX_SHOWN) this.#print('Further failures are only counted.');
  }
}
