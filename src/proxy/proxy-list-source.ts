import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { redactText } from '../core/redact.ts';
import type { ProxyInfo } from './proxy-info.ts';
import { type ListedProxy, numberProxies, parseProxyList, splitProxyList } from './proxy-list.ts';
import { ProxyListError } from './proxy-list-error.ts';

/**
 * Gives the whole list each time it is called: an array of proxies (`null` for a direct connection), or a
 * text with one a line. The signal aborts when the configuration is closed.
 */
export type ProxyListProvider = (options: {
  signal: AbortSignal;
}) => string | readonly (string | null)[] | Promise<string | readonly (string | null)[]>;

export interface ProxyListSourceOptions {
  /** Path of a text file, or a provider. */
  readonly from: string | ProxyListProvider;
  /** How often to look for changes; 0 or `Infinity` for never. */
  readonly reloadSecs: number;
  readonly countryCode: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with the list after every load that brought one. */
  readonly onList: (list: readonly (ProxyInfo | null)[]) => void;
}

/**
 * A list of proxies that is loaded anew while running. A file is read again when it has changed; a provider
 * is always asked. What cannot be loaded leaves the last good list in force and is warned of, once for each
 * different problem. The timer does not keep the process alive.
 */
export class ProxyListSource {
  readonly #options: ProxyListSourceOptions;
  readonly #closing = new AbortController();
  #starting: Promise<void> | undefined;
  #reloading: Promise<void> | undefined;
  #timer: Timer | undefined;
  #version = '';
  #lastProblem = '';

  constructor(options: ProxyListSourceOptions) {
    this.#options = options;
  }

  /**
   * Loads the first list and begins to look for changes. Concurrent calls share one promise; after a
   * failure the next call tries again.
   *
   * @throws ProxyListError, ProxyUrlError
   */
  start(): Promise<void> {
    this.#starting ??= this.#load().then(
      () => this.#schedule(),
      (error: unknown) => {
        this.#starting = undefined;
        throw error;
      },
    );
    return this.#starting;
  }

  /** Looks for changes now. Never rejects; concurrent calls share one promise. */
  reload(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#reloading ??= this.#tryLoad().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { reloadSecs, clock } = this.#options;
    if (reloadSecs === 0 || reloadSecs === Number.POSITIVE_INFINITY) return;
    if (this.#closing.signal.aborted) return;
    this.#timer = clock.setTimer(
      () => void this.reload().then(() => this.#schedule()),
      reloadSecs * 1000,
      { isBackground: true },
    );
  }

  async #tryLoad(): Promise<void> {
    try {
      await this.#load();
      this.#lastProblem = '';
    } catch (error) {
      const problem = messageOf(error);
      if (problem === this.#lastProblem || this.#closing.signal.aborted) return;
      this.#lastProblem = problem;
      this.#options.log.warning(
        `Proxies could not be reloaded; the last good list stays. ${problem}`,
      );
    }
  }

  async #load(): Promise<void> {
    const { from, countryCode, onList } = this.#options;
    const version = typeof from === 'string' ? await versionOf(from) : '';
    if (version !== '' && version === this.#version) return;
    const listed =
      typeof from === 'string'
        ? await readList(from)
        : await askProvider(from, this.#closing.signal);
    if (listed.length === 0) throw new ProxyListError(nameOf(from), 'it is empty');
    const list = parseProxyList(listed, countryCode);
    if (this.#closing.signal.aborted) return;
    onList(list);
    // Only now: a list that could not be used is tried again although its file stays as it is.
    this.#version = version;
  }
}

/** Changes whenever the file's content may have. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  } catch (error) {
    throw new ProxyListError(path, `it cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function readList(path: string): Promise<ListedProxy[]> {
  try {
    return splitProxyList(await readFile(path, 'utf8'), path);
  } catch (error) {
    throw new ProxyListError(path, `it cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function askProvider(
  provider: ProxyListProvider,
  signal: AbortSignal,
): Promise<ListedProxy[]> {
  let answer: unknown;
  try {
    answer = await provider({ signal });
  } catch (error) {
    const problem = `it failed: ${redactText(messageOf(error))}`;
    throw new ProxyListError(nameOf(provider), problem, { cause: error });
  }
  if (typeof answer === 'string') return splitProxyList(answer, 'the text of the provider');
  if (Array.isArray(answer)) return numberProxies(answer, 'proxyListProvider()');
  const problem = `it gave ${answer === null ? 'null' : typeof answer}, not a text or an array`;
  throw new ProxyListError(nameOf(provider), problem);
}

function nameOf(from: string | ProxyListProvider): string {
  return typeof from === 'string' ? from : 'the provider';
}
