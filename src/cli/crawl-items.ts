import type { CheerioContext } from '../crawler/cheerio-page.ts';
import type { DatasetItem } from '../storage/dataset.ts';
import { type SelectableDocument, type Selection, select } from './selection.ts';

type Page = Pick<CheerioContext, 'request' | 'response'> & { readonly $?: CheerioContext['$'] };

/** What is written for one page. */
export function itemOf(page: Page, selections: readonly Selection[] | undefined): DatasetItem {
  const { request, response } = page;
  const { url } = response;
  const $ = page.$ as SelectableDocument | undefined;
  if (selections) return { url, ...select($ ?? NO_DOCUMENT, selections) };
  const { title } = select($ ?? NO_DOCUMENT, [TITLE]);
  return { url, title, status: response.statusCode, depth: request.crawlDepth };
}

const TITLE: Selection = { name: 'title', css: 'title', attribute: null, isList: false };

/** A page that has no elements, such as JSON. */
const NO_DOCUMENT: SelectableDocument = () =>
  Object.assign([], {
    eq: () => {
      throw new RangeError('There is nothing in it');
    },
  });
