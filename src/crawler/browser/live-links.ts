import { OptionError } from '../../core/errors.ts';

/** What both libraries' pages can do: run an expression in the page. */
interface Evaluating {
  evaluate(expression: string): Promise<unknown>;
}

export interface LiveLinks {
  /** In document order. */
  readonly hrefs: readonly string[];
  /** What relative links are relative to, when the page says so itself. */
  readonly baseUrl: string | undefined;
}

/**
 * The `href` of every element the selector finds in the page as it is now, scripts having run.
 *
 * @throws OptionError when it is no CSS selector, or what the library throws
 */
export async function liveLinks(page: unknown, selector = 'a'): Promise<LiveLinks> {
  const found = (await (page as Evaluating).evaluate(expressionFor(selector))) as {
    hrefs?: string[];
    base?: string;
  };
  if (!found.hrefs) {
    throw new OptionError('selector', `\`${selector}\` is no CSS selector`);
  }
  return { hrefs: found.hrefs, baseUrl: found.base };
}

/** As text: the page knows nothing of what a bundler or a test's instrumentation would put into a function. */
function expressionFor(selector: string): string {
  return `(() => {
    let elements;
    try {
      elements = document.querySelectorAll(${JSON.stringify(selector)});
    } catch {
      return {};
    }
    const hrefs = [];
    for (const element of elements) {
      const href = element.getAttribute('href');
      if (href !== null) hrefs.push(href.trim());
    }
    return document.querySelector('base[href]') ? { hrefs, base: document.baseURI } : { hrefs };
  })()`;
}
