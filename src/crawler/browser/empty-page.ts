import type { CheerioAPI } from 'cheerio';

/** Fewer characters than this are a word such as "Loading…", and no page. */
const FEWEST_CHARACTERS = 20;

/** Whether a page shows next to nothing before its scripts have run. */
export function isEmptyPage($: CheerioAPI): boolean {
  if ($('script').length === 0) return false;
  const body = $('body').clone();
  body.find('script, style, noscript, template').remove();
  return body.text().replace(/\s+/g, ' ').trim().length < FEWEST_CHARACTERS;
}
