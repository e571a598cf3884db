import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyUrl } from './parse-proxy-url.ts';
import { fillSession, parseProxyTemplate, vendorSessionId } from './proxy-template.ts';

describe('vendorSessionId', () => {
  it('leaves an id of letters, digits and underscores as it is', () => {
    expect(vendorSessionId('Session_42')).toBe('Session_42');
    expect(vendorSessionId('a'.repeat(32))).toBe('a'.repeat(32));
  });

  it('gives the hash it has always given for other ids', () => {
    expect(vendorSessionId('user@example.com')).toBe('h_2e8924072f1b1332a2a9ca158b7d56');
  });

  it('is safe, at most 32 characters long, and different for different ids', () => {
    const id = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^\w{25,40}$/),
    );
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(id, (sessionId) => {
        const safe = vendorSessionId(sessionId);
        expect(safe).toMatch(/^[A-Za-z0-9_]{1,32}$/);
        expect(seen.get(safe) ?? sessionId).toBe(sessionId);
        seen.set(safe, sessionId);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not let an id pass for the hash of another', () => {
    const hashed = vendorSessionId('a-b');
    expect(vendorSessionId(hashed)).not.toBe(hashed);
  });

  it('tells ids apart that differ in broken Unicode only', () => {
    expect(vendorSessionId('a\uD800')).not.toBe(vendorSessionId('a\uD801'));
  });
});

describe('parseProxyTemplate', () => {
  it('fills the country in, and the session later', () => {
    const text = 'http://customer-{country}-session-{session}:key_{session}@gate.example:7000';
    const template = parseProxyTemplate(text, 'here', 'DE');
    expect(template.countryCode).toBe('DE');
    const info = fillSession(template, 'abc');
    expect(info).toEqual({
      url: 'http://customer-DE-session-abc:key_abc@gate.example:7000',
      protocol: 'http',
      hostname: 'gate.example',
      port: 7000,
      username: 'customer-DE-session-abc',
      password: 'key_abc',
      countryCode: 'DE',
      sessionId: 'abc',
    });
    expect(parseProxyUrl(info.url)).toMatchObject({ username: info.username });
  });

  it('keeps the true session id beside the safe one', () => {
    const template = parseProxyTemplate('http://u-{session}:p@h:1', 'here', undefined);
    const info = fillSession(template, 'a b');
    expect(info.sessionId).toBe('a b');
    expect(info.username).toMatch(/^u-h_[0-9a-f]{30}$/);
  });

  it('does not read a session id as a pattern or a placeholder', () => {
    const template = parseProxyTemplate('http://u-{session}:p@h:1', 'here', undefined);
    expect(fillSession(template, '$&').username).toMatch(/^u-h_[0-9a-f]{30}$/);
  });

  it('refuses a country without a code, hiding the password', () => {
    expect(() => parseProxyTemplate('http://u-{country}:hunter2@h:1', 'line 3', undefined)).toThrow(
      'Invalid proxy at line 3, `http://u-{country}:***@h:1`: it holds `{country}`, so the option `countryCode` is needed',
    );
  });

  it.each(['{sesion}', '{Session}', '{city}'])(
    'refuses the unknown placeholder %s in a username',
    (name) => {
      expect(() => parseProxyTemplate(`http://u-${name}:p@h:1`, 'here', 'DE')).toThrow(
        'its username holds an unknown placeholder; there are `{session}` and `{country}`',
      );
    },
  );

  it('takes other braces in a password for part of it', () => {
    const info = parseProxyTemplate('http://u:a{b}c@h:1', 'here', undefined);
    expect(info.password).toBe('a{b}c');
  });
});
