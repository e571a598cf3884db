import { describe, expect, it } from 'vitest';
import { decodeBody } from './charset.ts';

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );

describe('decodeBody', () => {
  it('decodes UTF-8 when nothing is said', () => {
    expect(decodeBody(bytes('žluťoučký'), undefined)).toEqual({
      text: 'žluťoučký',
      charset: 'utf-8',
    });
  });

  it('drops a byte order mark and lets it win over the header', () => {
    const marked = bytes([0xef, 0xbb, 0xbf], 'ž');
    expect(decodeBody(marked, 'text/html; charset=windows-1252')).toEqual({
      text: 'ž',
      charset: 'utf-8',
    });
    expect(decodeBody(bytes([0xff, 0xfe, 0x41, 0x00]), 'text/html').text).toBe('A');
    expect(decodeBody(bytes([0xfe, 0xff, 0x00, 0x41]), 'text/html').text).toBe('A');
  });

  it('lets the header win over a <meta>', () => {
    const page = bytes('<meta charset="utf-8">', [0xe9]);
    expect(decodeBody(page, 'text/html; charset=iso-8859-1')).toEqual({
      text: '<meta charset="utf-8">é',
      charset: 'windows-1252',
    });
  });

  it.each([
    '<meta charset="windows-1251">',
    "<META CHARSET='windows-1251' />",
    '<meta charset=windows-1251>',
    '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
    '<!-- <meta charset="utf-8"> --><meta name="x" content="y"><meta charset="cp1251">',
  ])('finds %s', (meta) => {
    expect(decodeBody(bytes(meta, [0xcf, 0xf0]), 'text/html')).toEqual({
      text: `${meta}Пр`,
      charset: 'windows-1251',
    });
  });

  it('decodes the scripts of Asia', () => {
    expect(decodeBody(bytes([0x82, 0xa0]), 'text/html; charset=Shift_JIS').text).toBe('あ');
    expect(decodeBody(bytes([0xc4, 0xe3]), 'text/html; charset=gb2312').text).toBe('你');
    expect(decodeBody(bytes([0xb0, 0xa1]), 'text/html; charset=euc-kr').text).toBe('가');
  });

  it('looks for a <meta> only in the first 1024 bytes', () => {
    const page = bytes(' '.repeat(1024), '<meta charset="windows-1251">', [0xcf]);
    expect(decodeBody(page, 'text/html').charset).toBe('windows-1252');
  });

  it('reads HTML that is not UTF-8 and says nothing as windows-1252, euro sign included', () => {
    expect(decodeBody(bytes('5 ', [0x80]), 'text/html')).toEqual({
      text: '5 €',
      charset: 'windows-1252',
    });
  });

  it('puts replacement characters into JSON that is not UTF-8', () => {
    expect(decodeBody(bytes('"', [0xe9], '"'), 'application/json')).toEqual({
      text: '"\ufffd"',
      charset: 'utf-8',
    });
  });

  it('takes an XML declaration', () => {
    const xml = bytes('<?xml version="1.0" encoding="iso-8859-2"?><a>', [0xe8], '</a>');
    expect(decodeBody(xml, 'application/rss+xml').text).toContain('<a>č</a>');
  });

  it('ignores a charset that does not exist, and UTF-16 in a <meta>', () => {
    expect(decodeBody(bytes('é'), 'text/html; charset=klingon').charset).toBe('utf-8');
    expect(decodeBody(bytes('<meta charset="utf-16">é'), 'text/html').text).toContain('é');
  });

  it('gives an empty text for an empty body', () => {
    expect(decodeBody(new Uint8Array(0), 'text/html')).toEqual({ text: '', charset: 'utf-8' });
  });
});
