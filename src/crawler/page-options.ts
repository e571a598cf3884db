import * as v from 'valibot';
import { callback, integer, listOf, text } from '../core/options.ts';
import type { BlockRules } from './block-rules.ts';
import type { StatusRules } from './classify.ts';

/** How a page is judged before its handler sees it; the same for pages fetched over HTTP and opened in a browser. */
export interface PageOptions<Context> {
  /** Statuses that mean the session is blocked. @default [401, 403] */
  readonly blockedStatusCodes?: readonly number[];
  /** Statuses that count as a failure of the site although they are below 500. @default none */
  readonly additionalHttpErrorStatusCodes?: readonly number[];
  /** Statuses that are pages like any other. @default none */
  readonly ignoreHttpErrorStatusCodes?: readonly number[];
  /** Block pages that come with status 200: rules, or a function that judges the page. @default none */
  readonly checkResponse?: BlockRules<Context>;
}

type Defaulted = Exclude<keyof PageOptions<unknown>, 'checkResponse'>;

export type ResolvedPageOptions<Context> = Required<Pick<PageOptions<Context>, Defaulted>> &
  Pick<PageOptions<Context>, 'checkResponse'>;

export const PAGE_DEFAULTS: Required<Pick<PageOptions<unknown>, Defaulted>> = Object.freeze({
  blockedStatusCodes: [401, 403],
  additionalHttpErrorStatusCodes: [],
  ignoreHttpErrorStatusCodes: [],
});

const regExp = v.instance(RegExp, 'a regular expression');
const rule = v.strictObject(
  {
    title: v.optional(regExp),
    body: v.optional(regExp),
    selector: v.optional(text()),
    header: v.optional(v.record(v.string(), regExp)),
  },
  'an object',
);
const statuses = v.optional(listOf(integer({ min: 100, max: 999 }), 'a list of status codes'));

/** The schema's entries; each kind of crawler adds its own. */
export const PAGE_ENTRIES: Record<keyof PageOptions<unknown>, v.ObjectEntries[string]> = {
  blockedStatusCodes: statuses,
  additionalHttpErrorStatusCodes: statuses,
  ignoreHttpErrorStatusCodes: statuses,
  checkResponse: v.optional(
    v.union([callback(), v.array(rule), rule], 'a rule, a list of rules or a function'),
  ),
};

export function statusRulesOf(options: ResolvedPageOptions<never>): StatusRules {
  return {
    blocked: new Set(options.blockedStatusCodes),
    additional: new Set(options.additionalHttpErrorStatusCodes),
    ignored: new Set(options.ignoreHttpErrorStatusCodes),
  };
}
