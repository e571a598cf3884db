import * as v from 'valibot';
import { optionsObject, parseOptions, text } from '../core/options.ts';
import { requestAsBrowser } from '../http/request-as-browser.ts';

const LETTERS = '\\w\\u00a1-\\uffff';
const HOST = `https?://(?:[${LETTERS}-]+\\.)*[${LETTERS}-]+(?::\\d+)?`;

/** Finds URLs in texts of any kind; a comma ends a URL. */
export const URL_NO_COMMAS_REGEX: RegExp = new RegExp(
  `${HOST}(?:[/?#](?:[${LETTERS}\\-.~!$&'()*+;=:@%/?#[\\]]*[${LETTERS}\\-~$&*+=@%/#])?)?`,
  'gi',
);

/** As {@link URL_NO_COMMAS_REGEX}, but commas may be part of paths and queries. */
export const URL_WITH_COMMAS_REGEX: RegExp = new RegExp(
  `${HOST}(?:[/?#](?:[${LETTERS}\\-.~!$&'()*+,;=:@%/?#[\\]]*[${LETTERS}\\-~$&*+=@%/#])?)?`,
  'gi',
);

const regExp = v.optional(v.instance(RegExp, 'a regular expression with the flag `g`'));
const EXTRACT = optionsObject({ string: v.string('a text'), urlRegExp: regExp });
const DOWNLOAD = optionsObject({
  url: text(),
  encoding: v.optional(v.string('an encoding')),
  urlRegExp: regExp,
});

/** All URLs in a text, in their order. New name: none, match a pattern. @throws OptionError */
export function extractUrls(options: { string: string; urlRegExp?: RegExp }): string[] {
  const { string, urlRegExp = URL_NO_COMMAS_REGEX } = parseOptions(EXTRACT, options, 'extractUrls');
  return string.match(urlRegExp) ?? [];
}

/** All URLs in a file on the web, such as a text, CSV or a Google sheet. New name: none. @throws OptionError, HttpError, HttpStatusError */
export async function downloadListOfUrls(options: {
  url: string;
  encoding?: string;
  urlRegExp?: RegExp;
}): Promise<string[]> {
  const {
    url,
    encoding = 'utf8',
    urlRegExp,
  } = parseOptions(DOWNLOAD, options, 'downloadListOfUrls');
  const { body } = await requestAsBrowser<Buffer>({
    url,
    decodeBody: false,
    throwHttpErrors: true,
  });
  return extractUrls({
    string: body.toString(encoding as BufferEncoding),
    ...(urlRegExp ? { urlRegExp } : {}),
  });
}
