import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ProxyConfiguration } from '../proxy/proxy-configuration.ts';
import type { CrawlOptions } from './crawl-options.ts';
import { UsageError } from './usage-error.ts';

/**
 * Checks what cannot be seen from one option alone, before anything is fetched.
 *
 * @throws UsageError
 */
export async function checkCrawlOptions(options: CrawlOptions): Promise<void> {
  if (options.json && options.output === undefined) {
    throw new UsageError(
      '--json prints the statistics on standard output, where the items would go: add -o <FILE> for the items',
    );
  }
  if (options.output !== undefined) checkOutput(options.output);
  await checkSelectors(options);
}

function checkOutput(file: string): void {
  if (!/\.(?:jsonl|ndjson|csv)$/i.test(file)) {
    throw new UsageError(`-o '${file}' must end in .jsonl or .csv: that decides the format`);
  }
  const directory = path.dirname(file);
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(`-o '${file}' cannot be written: ${messageOf(error)}`, { cause: error });
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`-o '${file}' cannot be written: it is a directory`);
  }
}

async function checkSelectors({ select = [] }: CrawlOptions): Promise<void> {
  const names = new Set<string>();
  const { load } = await import('cheerio/slim');
  const $ = load('');
  for (const { name, css } of select) {
    if (names.has(name)) throw new UsageError(`--select has two columns called '${name}'`);
    names.add(name);
    try {
      $(css);
    } catch (error) {
      throw new UsageError(`--select '${name}=${css}' is not a CSS selector: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** @throws UsageError that names the file, and the line that cannot be used with its password hidden */
export async function openProxies(
  file: string | undefined,
  log: Log,
): Promise<ProxyConfiguration | undefined> {
  if (file === undefined) return undefined;
  const { ProxyConfiguration } = await import('../proxy/proxy-configuration.ts');
  try {
    return await ProxyConfiguration.create({ proxyListFile: file, log });
  } catch (error) {
    throw new UsageError(`--proxies '${file}' cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
