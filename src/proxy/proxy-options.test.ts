import { describe, expect, it } from 'vitest';
import { OptionError } from '../core/errors.ts';
import { Log } from '../core/log.ts';
import { ProxyConfiguration } from './proxy-configuration.ts';
import type { ProxyConfigurationOptions } from './proxy-options.ts';

describe('the options of ProxyConfiguration', () => {
  it.each([
    [
      {},
      'Expected exactly one of `proxyUrls`, `newUrlFunction`, `proxyListFile`, `proxyListProvider`, got none',
    ],
    [
      { proxyUrls: ['a:1'], newUrlFunction: () => null },
      'Expected exactly one of `proxyUrls`, `newUrlFunction`, `proxyListFile`, `proxyListProvider`, got `proxyUrls` and `newUrlFunction`',
    ],
    [
      { proxyUrls: [] },
      'Expected `proxyUrls` to be an array with at least one proxy URL, got an array of 0',
    ],
    [
      { proxyUrls: 'host:80:user:hunter2' },
      'Expected `proxyUrls` to be an array with at least one proxy URL, got a string',
    ],
    [
      { proxyURLs: ['a:1'] },
      'Unknown option `proxyURLs` in ProxyConfiguration options; did you mean `proxyUrls`?',
    ],
    [
      { proxyUrls: ['a:1'], countryCode: 'GER' },
      "Expected `countryCode` to be two letters, such as `DE`, got `'GER'` (string)",
    ],
    [
      { proxyUrls: ['a:1'], maxBindings: 0 },
      'Expected `maxBindings` to be an integer ≥ 1, got `0` (number)',
    ],
    [
      { proxyUrls: ['a:1'], reloadSecs: -1 },
      'Expected `reloadSecs` to be a number ≥ 0, got `-1` (number)',
    ],
    [
      { newUrlFunction: 'http://a' },
      "Expected `newUrlFunction` to be a function, got `'http://a'` (string)",
    ],
  ])('are checked: %j', (options, message) => {
    expect(() => new ProxyConfiguration(options as ProxyConfigurationOptions)).toThrow(message);
    expect(() => new ProxyConfiguration(options as ProxyConfigurationOptions)).toThrow(OptionError);
  });

  it('name the entry of a bad or a repeated proxy, without its password', () => {
    expect(() => new ProxyConfiguration({ proxyUrls: ['a:1', 'ftp://user:hunter2@b:1'] })).toThrow(
      'Invalid proxy at `proxyUrls[1]`, `ftp://user:***@b:1`: the scheme must be `http`, `https` or `socks5`',
    );
    expect(
      () =>
        new ProxyConfiguration({
          proxyUrls: ['http://u:hunter2@a:80', null, 'http://u:hunter2@A'],
        }),
    ).toThrow(
      'Invalid proxy at `proxyUrls[2]`, `http://u:***@A`: it is the same as `proxyUrls[0]`',
    );
  });

  it('warn when the country has no effect', () => {
    const warnings: string[] = [];
    const sink = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, text: string) => warnings.push(text),
    };
    const log = new Log({ level: 'warning', sink });
    new ProxyConfiguration({ proxyUrls: ['a:1'], countryCode: 'DE', log });
    expect(warnings).toEqual(['`countryCode` has no effect: no proxy URL holds `{country}`']);
    new ProxyConfiguration({ proxyUrls: ['http://u-{country}:p@a:1'], countryCode: 'DE', log });
    expect(warnings).toHaveLength(1);
  });
});
