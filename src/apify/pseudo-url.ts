import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { Request } from '../queue/request.ts';
import type { RequestOptions } from '../queue/request-options.ts';

/** Request options without the URL, for requests whose URL is found later. */
export type RequestTemplate = Partial<RequestOptions>;

/**
 * A URL with regular expressions in brackets, such as `https://example.com/[(\\d+)]`, or a regular expression. A text
 * is matched as a whole, whatever the case of its letters. New name: `globs` and `regexps` of `enqueueLinks()`.
 */
export class PseudoUrl {
  readonly regex: RegExp;
  readonly requestTemplate: RequestTemplate;

  /** @throws OptionError */
  constructor(purl: string | RegExp, requestTemplate: RequestTemplate = {}) {
    this.regex = purl instanceof RegExp ? purl : regExpOf(purl);
    this.requestTemplate = requestTemplate;
  }

  matches(url: string): boolean {
    // With the `g` flag it would begin where the last match ended.
    this.regex.lastIndex = 0;
    return this.regex.test(url);
  }

  /** The template with the given properties over it; user data of both are merged. @throws OptionError */
  createRequest(urlOrProps: string | RequestOptions): Request {
    return new Request(this.optionsFor(urlOrProps));
  }

  /** What {@link PseudoUrl.createRequest} makes a request of. */
  optionsFor(urlOrProps: string | RequestOptions): RequestOptions {
    const props = typeof urlOrProps === 'string' ? { url: urlOrProps } : urlOrProps;
    const userData = { ...this.requestTemplate.userData, ...props.userData };
    return { ...this.requestTemplate, ...props, userData };
  }
}

function regExpOf(purl: string): RegExp {
  const fail = (problem: string): OptionError =>
    new OptionError('purl', `${expectedText('purl', 'a pseudo-URL', purl)}: ${problem}`);
  if (typeof purl !== 'string' || purl === '') throw fail('it is no text');
  let source = '';
  let depth = 0;
  for (const character of purl.trim()) {
    if (character === '[' && depth++ === 0) source += '(?:';
    else if (character === ']' && depth > 0 && --depth === 0) source += ')';
    else source += depth > 0 ? character : escaped(character);
  }
  if (depth > 0) throw fail('a bracket is not closed');
  try {
    return new RegExp(`^${source}$`, 'i');
  } catch (cause) {
    throw new OptionError('purl', `The pseudo-URL \`${purl}\` is no regular expression`, { cause });
  }
}

function escaped(character: string): string {
  return /[\\^$.*+?()|{}\]/]/.test(character) ? `\\${character}` : character;
}
