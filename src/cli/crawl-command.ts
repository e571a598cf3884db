import type { Command } from 'commander';
import type { CrawlOptions } from './crawl-options.ts';
import { collect, glob, pattern, seconds, webUrl, wholeNumber } from './option-values.ts';
import { parseSelection } from './selection.ts';

export function addCrawlCommand(program: Command, end: (exitCode: number) => void): void {
  program
    .command('crawl')
    .description(
      'Fetch pages and the pages they link to on the same host, and write what was found.',
    )
    .argument('<URL...>', 'where to begin', collect(webUrl))
    .option('--proxies <FILE>', 'send requests through these proxies, one URL a line')
    .option('--max-requests <N>', 'fetch at most this many pages', wholeNumber(1))
    .option(
      '--max-depth <N>',
      'follow links at most this far; 0 fetches only the URLs given',
      wholeNumber(0),
    )
    .option('--glob <G>', 'follow only links whose URL matches; may be repeated', collect(glob))
    .option(
      '--select <NAME=CSS[@attr]>',
      'write this column: text or attribute of the first match; NAME[]=CSS takes all matches; may be repeated',
      collect(parseSelection),
    )
    .option('--concurrency <N>', 'at most this many requests at once', wholeNumber(1))
    .option('--rpm <N>', 'at most this many requests a minute', wholeNumber(1))
    .option('--delay <SECS>', 'wait this long between requests to the same domain', seconds)
    .option('--robots', "leave out what the site's robots.txt disallows")
    .option(
      '--block-title <REGEX>',
      'a page with such a title is a refusal, whatever its status',
      pattern,
    )
    .option(
      '-o, --output <FILE>',
      'write the items to this .jsonl or .csv file, when the crawl ends',
    )
    .option(
      '--storage <DIR>',
      'keep queue, sessions and items here; sessions serve the next crawl too',
    )
    .option('--resume', 'go on with the crawl that --storage holds')
    .option('--outcome-log <FILE>', 'append every attempt to this file, for `troupe lab fit`')
    .option('--json', 'print the final statistics as one JSON object')
    .addHelpText(
      'after',
      `
An item holds url, title, status and depth; with --select, url and the columns named.
Without -o items go to standard output, one JSON object a line, as soon as they are found.
Ctrl-C finishes what is in flight and prints the command that goes on from there.

Examples:
  $ troupe crawl https://example.com --max-depth 2 -o pages.csv
  $ troupe crawl https://example.com --glob '**/product/**' --select 'name=h1' --select 'image=img.main@src'
  $ troupe crawl https://example.com --proxies proxies.txt --block-title 'access denied|captcha'
  $ troupe crawl https://example.com --storage state --resume`,
    )
    .action(async (urls: readonly string[], options: CrawlOptions) => {
      const { crawl } = await import('./crawl.ts');
      end(await crawl(urls, options));
    });
}
