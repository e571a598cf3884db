import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { registrableDomain } from '../core/registrable-domain.ts';
import { globToRegExp } from './url-glob.ts';

/**
 * Which links belong to the same site as the page: the same hostname, the same registrable domain
 * (`shop.example.co.uk` and `example.co.uk`), the same scheme, hostname and port, or all of them.
 */
export type LinkStrategy = 'same-hostname' | 'same-domain' | 'same-origin' | 'all';

/** A glob as text, a regular expression, or either in an object, as in `{ glob: 'https://example.com/**' }`. */
export type UrlPattern = string | RegExp | { readonly glob: string } | { readonly regexp: RegExp };

export interface LinkFilterOptions {
  /** @default 'same-hostname' */
  readonly strategy?: LinkStrategy;
  /** A link must match one of these or of `regexps`. @default all links */
  readonly globs?: readonly UrlPattern[];
  readonly regexps?: readonly UrlPattern[];
  /** A link must match none of these. */
  readonly exclude?: readonly UrlPattern[];
}

const STRATEGIES: ReadonlySet<unknown> = new Set([
  'same-hostname',
  'same-domain',
  'same-origin',
  'all',
]);

/** Tells which links of a page are to be followed. Made once a call, asked once a link. */
export class LinkFilter {
  readonly #strategy: LinkStrategy;
  readonly #site: URL;
  readonly #siteDomain: string;
  readonly #include: readonly RegExp[];
  readonly #exclude: readonly RegExp[];

  /** `site` is the page that the strategy compares with. @throws OptionError */
  constructor(site: URL, options: LinkFilterOptions) {
    this.#strategy = options.strategy ?? 'same-hostname';
    if (!STRATEGIES.has(this.#strategy)) {
      const expectation = [...STRATEGIES].map((name) => `\`${name}\``).join(', ');
      throw new OptionError(
        'strategy',
        expectedText('strategy', `one of ${expectation}`, this.#strategy),
      );
    }
    this.#site = site;
    this.#siteDomain = this.#strategy === 'same-domain' ? registrableDomain(site.hostname) : '';
    this.#include = [
      ...(options.globs ?? []).map(toRegExp),
      ...(options.regexps ?? []).map(toRegExp),
    ];
    this.#exclude = (options.exclude ?? []).map(toRegExp);
  }

  accepts(url: URL): boolean {
    if (!this.#isSameSite(url)) return false;
    if (this.#include.length === 0 && this.#exclude.length === 0) return true;
    const { href } = url;
    if (this.#include.length > 0 && !this.#include.some((pattern) => isMatch(pattern, href))) {
      return false;
    }
    return !this.#exclude.some((pattern) => isMatch(pattern, href));
  }

  #isSameSite(url: URL): boolean {
    switch (this.#strategy) {
      case 'all':
        return true;
      case 'same-hostname':
        return url.hostname === this.#site.hostname;
      case 'same-origin':
        return url.origin === this.#site.origin;
      case 'same-domain':
        return (
          url.hostname === this.#site.hostname ||
          registrableDomain(url.hostname) === this.#siteDomain
        );
    }
  }
}

/** A pattern with the `g` flag remembers where it was; each link is looked at from its beginning. */
function isMatch(pattern: RegExp, href: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(href);
}

function toRegExp(pattern: UrlPattern): RegExp {
  if (typeof pattern === 'string') return globToRegExp(pattern);
  if (pattern instanceof RegExp) return pattern;
  if ('glob' in pattern && typeof pattern.glob === 'string') return globToRegExp(pattern.glob);
  if ('regexp' in pattern && pattern.regexp instanceof RegExp) return pattern.regexp;
  throw new OptionError('globs', expectedText('globs', 'globs or regular expressions', pattern));
}
