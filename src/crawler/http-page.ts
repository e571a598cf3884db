import { type CharsetHints, decodeBody } from '../http/charset.ts';
import { parseContentType } from '../http/content-type.ts';
import type { HttpResponse } from '../http/http-client.ts';
import type { Attempt } from './attempt.ts';
import { blockCheck } from './block-rules.ts';
import { errorOfStatus, type StatusRules } from './classify.ts';
import type { BasicContext } from './context.ts';
import { PageError } from './crawl-errors.ts';
import type { HttpContext, NavigationOptions } from './http-context.ts';
import type { ResolvedHttpOptions } from './http-options.ts';
import type { PageKind, PageTools } from './page-kind.ts';
import { statusRulesOf } from './page-options.ts';
import { parseJson } from './session-sender.ts';

const MAX_REDIRECTS = 10;

/** Makes a more specific context of a fetched page. */
export type Extend<Context> = (context: HttpContext, attempt: Attempt, tools: PageTools) => Context;

/**
 * Pages fetched with the HTTP client: hooks, status, content type, block rules, in this order.
 * `extend` makes a more specific context of it, before the block rules look at the page.
 */
export class HttpPage<Context extends HttpContext> implements PageKind<Context> {
  readonly #options: ResolvedHttpOptions<Context>;
  readonly #statusRules: StatusRules;
  readonly #extend: Extend<Context>;
  readonly #charsetHints: CharsetHints;
  readonly #check: ReturnType<typeof blockCheck<Context>> | undefined;

  constructor(options: ResolvedHttpOptions<Context>, extend: Extend<Context>) {
    this.#options = options;
    this.#extend = extend;
    this.#statusRules = statusRulesOf(options);
    this.#charsetHints = {
      suggested: options.suggestResponseEncoding,
      forced: options.forceResponseEncoding,
    };
    this.#check = options.checkResponse && blockCheck(options.checkResponse);
  }

  async prepare(): Promise<void> {}

  async open(attempt: Attempt, basic: BasicContext, tools: PageTools): Promise<Context> {
    // The handler of such a request knows that it has no page.
    if (attempt.request.skipNavigation) return basic as Context;
    const navigation = this.#navigationFor(attempt);
    for (const hook of this.#options.preNavigationHooks) {
      await attempt.run('A preNavigationHook', tools.handlerTimeoutSecs, () =>
        hook(basic, navigation),
      );
    }
    const response = await this.#fetch(attempt, navigation, tools);
    const context = this.#extend(await this.#read(response, basic, tools), attempt, tools);
    await this.#checkBlocked(attempt, context, tools);
    for (const hook of this.#options.postNavigationHooks) {
      await attempt.run('A postNavigationHook', tools.handlerTimeoutSecs, () =>
        hook(context, navigation),
      );
    }
    return context;
  }

  async #checkBlocked(attempt: Attempt, context: Context, tools: PageTools): Promise<void> {
    const check = this.#check;
    if (!check) return;
    const blocked = await attempt.run('checkResponse', tools.handlerTimeoutSecs, () =>
      check(context, context),
    );
    if (blocked) throw blocked;
  }

  #navigationFor({ request }: Attempt): NavigationOptions {
    return {
      url: request.url,
      method: request.method,
      // A hook's changes are for this attempt.
      headers: { ...request.headers },
      ...(request.payload === undefined ? {} : { body: request.payload }),
      followRedirects: true,
      maxRedirects: MAX_REDIRECTS,
      timeoutSecs: this.#options.navigationTimeoutSecs,
    };
  }

  async #fetch(
    attempt: Attempt,
    navigation: NavigationOptions,
    tools: PageTools,
  ): Promise<HttpResponse> {
    const { timeoutSecs, ...outgoing } = navigation;
    const { maxBodyBytes, ignoreSslErrors, useHttp2 } = this.#options;
    attempt.sentAt = tools.now();
    const response = await tools.sender.send(attempt, {
      ...outgoing,
      maxBodyBytes,
      ignoreSslErrors,
      useHttp2,
      timeoutMs: timeoutSecs * 1000,
      signal: attempt.signal,
    });
    attempt.statusCode = response.statusCode;
    const refused =
      errorOfStatus(response, this.#statusRules, {
        now: tools.now(),
        hasProxy: attempt.proxyInfo !== null,
      }) ?? this.#errorOfType(response);
    if (refused) {
      response.discard();
      throw refused;
    }
    attempt.request.loadedUrl = response.url;
    return response;
  }

  #errorOfType(response: HttpResponse): PageError | null {
    const { type } = parseContentType(response.headers['content-type']);
    if (isText(type) || isAccepted(type, this.#options.additionalMimeTypes)) return null;
    return new PageError(
      'TROUPE_UNSUPPORTED_CONTENT_TYPE',
      `${response.url} has the content type ${type}; add it to \`additionalMimeTypes\` to accept it`,
      { kind: 'user', status: response.statusCode },
    );
  }

  async #read(response: HttpResponse, basic: BasicContext, tools: PageTools): Promise<HttpContext> {
    const { url, statusCode, statusMessage, headers } = response;
    const bytes = await response.bytes();
    tools.countBytes(bytes.byteLength);
    const { type } = parseContentType(headers['content-type']);
    const decoded = isText(type)
      ? decodeBody(bytes, headers['content-type'], this.#charsetHints)
      : undefined;
    const body = decoded?.text ?? asBuffer(bytes);
    let json: { readonly value: unknown } | undefined;
    return Object.defineProperty(
      Object.assign(basic, {
        response: { url, statusCode, statusMessage, headers },
        body,
        contentType: { type: type || 'text/html', encoding: decoded?.charset ?? 'binary' },
      }),
      'json',
      {
        enumerable: true,
        configurable: true,
        get() {
          if (!isJson(type)) return undefined;
          json ??= { value: parseJson(body as string, url) };
          return json.value;
        },
      },
    ) as unknown as HttpContext;
  }
}

/** A page without a content type is taken for HTML, as browsers do. */
export function isHtml(type: string): boolean {
  return type === 'text/html' || type === 'application/xhtml+xml' || type === '';
}

export function isXml(type: string): boolean {
  return type === 'text/xml' || type === 'application/xml' || type.endsWith('+xml');
}

function isJson(type: string): boolean {
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

function isText(type: string): boolean {
  return isHtml(type) || isXml(type) || isJson(type) || type.startsWith('text/');
}

function isAccepted(type: string, accepted: readonly string[]): boolean {
  return accepted.some((candidate) => {
    const wanted = candidate.toLowerCase();
    if (wanted === '*/*') return true;
    return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
