import { messageOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import type { RequestRow } from '../storage/request-store.ts';
import { corrupt, readBody, writeBody } from './request-body.ts';
import {
  badUrl,
  checkRequestOptions,
  type OnMissingSession,
  type RequestMethod,
  type RequestOptions,
} from './request-options.ts';
import { originOfUrl } from './request-origin.ts';
import { extendedUniqueKey, normalizeParsedUrl, parseHttpUrl, requestIdOf } from './unique-key.ts';
import { copyUserData } from './user-data.ts';

const MAX_ERROR_MESSAGES = 20;
const MAX_ERROR_MESSAGE_LENGTH = 2_000;

/**
 * One thing to fetch: a URL, how to ask for it, and what has happened to it so far.
 * Two requests with the same unique key are the same request to a queue.
 */
export class Request {
  /** Trimmed, otherwise as given. */
  readonly url: string;
  readonly uniqueKey: string;
  readonly method: RequestMethod;
  readonly keepUrlFragment: boolean;
  readonly useExtendedUniqueKey: boolean;
  readonly crawlDepth: number;
  headers: Record<string, string>;
  payload: string | Uint8Array | undefined;
  /** Anything JSON can hold; saved when the request is handled or reclaimed. */
  userData: Record<string, unknown>;
  maxRetries: number | undefined;
  noRetry: boolean;
  skipNavigation: boolean;
  sessionId: string | undefined;
  sessionKey: string | undefined;
  onMissing: OnMissingSession | undefined;
  /** Where redirects led; set once the page has loaded. */
  loadedUrl: string | undefined;
  /** Attempts that failed and counted against `maxRetries`. */
  retryCount = 0;
  /** Attempts that failed because of the session, not the request. */
  sessionRotationCount = 0;
  /** ISO 8601; set when the request is marked handled. */
  handledAt: string | undefined;
  readonly #errorMessages: string[] = [];
  #id: string | undefined;

  /** @throws OptionError that names the field and what came */
  constructor(source: string | RequestOptions) {
    const options: RequestOptions = typeof source === 'string' ? { url: source } : source;
    if (typeof source !== 'string') checkRequestOptions(options);
    if (typeof options.url !== 'string') throw badUrl(options.url);
    const url = parseHttpUrl(options.url);
    if (!url) throw badUrl(options.url);
    this.url = options.url.trim();
    this.method = (options.method?.toUpperCase() as RequestMethod | undefined) ?? 'GET';
    this.headers = options.headers ? copyHeaders(options.headers) : {};
    this.payload = options.payload;
    this.userData = options.userData ? copyUserData(options.userData) : {};
    if (options.label !== undefined) this.userData['label'] = options.label;
    this.maxRetries = options.maxRetries;
    this.noRetry = options.noRetry ?? false;
    this.skipNavigation = options.skipNavigation ?? false;
    this.sessionId = options.sessionId;
    this.sessionKey = options.sessionKey;
    this.onMissing = options.onMissing;
    this.keepUrlFragment = options.keepUrlFragment ?? false;
    this.useExtendedUniqueKey = options.useExtendedUniqueKey ?? false;
    this.crawlDepth = options.crawlDepth ?? 0;
    this.uniqueKey = options.uniqueKey ?? this.#computedUniqueKey(url);
  }

  /**
   * A request as it was stored.
   *
   * @throws TroupeError `TROUPE_CORRUPT_REQUEST` when the row's body is not a request
   */
  static fromRow(row: RequestRow): Request {
    const { options, state } = readBody(row);
    const request = Request.#restored(row, options);
    request.#id = row.id;
    request.loadedUrl = state.loadedUrl;
    request.retryCount = state.retryCount ?? 0;
    request.sessionRotationCount = state.sessionRotationCount ?? 0;
    request.handledAt = state.handledAt;
    if (state.errorMessages) request.#errorMessages.push(...state.errorMessages);
    return request;
  }

  /** Derived from the unique key, the same everywhere and always. */
  get id(): string {
    this.#id ??= requestIdOf(this.uniqueKey);
    return this.#id;
  }

  get label(): string | undefined {
    const label = this.userData['label'];
    return typeof label === 'string' ? label : undefined;
  }

  set label(label: string | undefined) {
    if (label === undefined) delete this.userData['label'];
    else this.userData['label'] = label;
  }

  /** Same as {@link crawlDepth}. */
  get depth(): number {
    return this.crawlDepth;
  }

  /** What went wrong so far, oldest first; the last 20, secrets hidden. */
  get errorMessages(): readonly string[] {
    return this.#errorMessages;
  }

  pushErrorMessage(error: unknown): void {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#errorMessages.push(redactText(text.slice(0, MAX_ERROR_MESSAGE_LENGTH)));
    if (this.#errorMessages.length > MAX_ERROR_MESSAGES) this.#errorMessages.shift();
  }

  /** As a store keeps it; defaults are left out. */
  toRow(): RequestRow {
    const { id, uniqueKey } = this;
    return { id, uniqueKey, body: writeBody(this), origin: originOfUrl(this.url) };
  }

  static #restored(row: RequestRow, options: RequestOptions): Request {
    try {
      return new Request(options);
    } catch (error) {
      throw corrupt(row, messageOf(error), error);
    }
  }

  #computedUniqueKey(url: URL): string {
    const normalized = normalizeParsedUrl(url, this.keepUrlFragment);
    return this.useExtendedUniqueKey
      ? extendedUniqueKey(normalized, this.method, this.payload)
      : normalized;
  }
}

function copyHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    if (name !== '__proto__') copy[name] = headers[name] as string;
  }
  return copy;
}
