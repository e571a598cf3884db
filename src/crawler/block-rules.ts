import type { Outcome } from '../session/outcome.ts';
import { PageError } from './crawl-errors.ts';

/** A page that says “blocked” although its status is 200. All conditions of one rule must hold. */
export interface BlockRule {
  /** Tried on the text of `<title>`. */
  readonly title?: RegExp;
  /** Tried on the whole page as text. */
  readonly body?: RegExp;
  /** A CSS selector that finds something. Only where the page is parsed. */
  readonly selector?: string;
  /** Each named response header, names in lower case, must be there and match. */
  readonly header?: Readonly<Record<string, RegExp>>;
}

/**
 * A user's judgement of a page before the handler sees it: `true` or a text (the reason) for a block page,
 * an outcome for anything else that is wrong with it, nothing when it is fine.
 */
export type CheckResponse<Page> = (page: Page) => Verdict | Promise<Verdict>;

type Verdict = boolean | string | Outcome | null | undefined;

/** What rules look at. */
export interface CheckedPage {
  readonly response: {
    readonly url: string;
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string | string[]>>;
  };
  readonly body: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: a parsed page of any kind
  readonly $?: (selector: string) => any;
}

export type BlockRules<Page> = BlockRule | readonly BlockRule[] | CheckResponse<Page>;

/** Judges what can be seen of a page; a user's function sees its whole context. */
export type BlockCheck<Context> = (
  page: CheckedPage,
  context: Context,
) => Promise<PageError | null> | PageError | null;

/**
 * Makes one check of what the user gave.
 *
 * @returns a function that gives the error to end the page with, or `null`
 */
export function blockCheck<Context>(rules: BlockRules<Context>): BlockCheck<Context> {
  if (typeof rules === 'function') {
    return async (page, context) => errorOfVerdict(page, await rules(context));
  }
  const list = listOf(rules);
  return (page) => {
    const rule = list.find((candidate) => isMatch(candidate, page));
    return rule ? errorOfVerdict(page, `it matches the rule ${shown(rule)}`) : null;
  };
}

/** The selectors the rules look for, for whoever cannot look for them at once. */
export function selectorsOf<Context>(rules: BlockRules<Context>): string[] {
  if (typeof rules === 'function') return [];
  return listOf(rules).flatMap(({ selector }) => (selector === undefined ? [] : [selector]));
}

function listOf(rules: BlockRule | readonly BlockRule[]): readonly BlockRule[] {
  return Array.isArray(rules) ? (rules as readonly BlockRule[]) : [rules as BlockRule];
}

function errorOfVerdict(page: CheckedPage, verdict: Verdict): PageError | null {
  if (!verdict) return null;
  const { url, statusCode } = page.response;
  if (typeof verdict === 'object') {
    if (verdict.kind === 'ok') return null;
    return new PageError(
      'TROUPE_PAGE_REFUSED',
      `${url} was judged "${verdict.kind}" by \`checkResponse\``,
      { status: statusCode, ...verdict },
    );
  }
  const reason = typeof verdict === 'string' ? `: ${verdict}` : '';
  return new PageError('TROUPE_BLOCKED', `${url} is a block page${reason}`, {
    kind: 'blocked',
    status: statusCode,
  });
}

function isMatch(rule: BlockRule, page: CheckedPage): boolean {
  const text = typeof page.body === 'string' ? page.body : '';
  if (rule.title && !isFound(rule.title, titleOf(text))) return false;
  if (rule.body && !isFound(rule.body, text)) return false;
  if (rule.header && !areHeadersFound(rule.header, page.response.headers)) return false;
  if (rule.selector && !(page.$ && page.$(rule.selector).length > 0)) return false;
  return Object.keys(rule).length > 0;
}

function areHeadersFound(
  expected: Readonly<Record<string, RegExp>>,
  headers: CheckedPage['response']['headers'],
): boolean {
  return Object.entries(expected).every(([name, pattern]) => {
    const value = headers[name.toLowerCase()];
    return value !== undefined && isFound(pattern, Array.isArray(value) ? value.join(', ') : value);
  });
}

function titleOf(html: string): string {
  return /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim() ?? '';
}

function isFound(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

function shown(rule: BlockRule): string {
  return Object.entries(rule)
    .map(([name, condition]) => {
      if (name === 'header') return `header ${Object.keys(condition as object).join(', ')}`;
      return `${name} ${String(condition)}`;
    })
    .join(' and ');
}
