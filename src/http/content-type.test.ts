import { describe, expect, it } from 'vitest';
import { parseContentType } from './content-type.ts';

describe('parseContentType', () => {
  it.each([
    ['text/html', 'text/html', undefined],
    ['Text/HTML; Charset=UTF-8', 'text/html', 'utf-8'],
    ['text/html;charset="windows-1251";boundary=x', 'text/html', 'windows-1251'],
    ["text/html; x=y; charset='koi8-r'", 'text/html', 'koi8-r'],
    ['application/json ; charset=', 'application/json', undefined],
    ['text/html, text/plain', 'text/html', undefined],
    ['; charset=utf-8', '', 'utf-8'],
    ['', '', undefined],
    [undefined, '', undefined],
  ])('reads %j as type %j with charset %j', (header, type, charset) => {
    expect(parseContentType(header)).toEqual({ type, charset });
  });

  it('takes the first of repeated headers', () => {
    expect(parseContentType(['a/b', 'c/d'])).toEqual({ type: 'a/b', charset: undefined });
  });
});
