import { describe, expect, it } from 'vitest';
import { NetworkNumbers } from './network-numbers.ts';

describe('NetworkNumbers', () => {
  it('gives addresses of one /24 the same number', () => {
    const numbers = new NetworkNumbers();
    expect(numbers.of('http://10.0.1.1:8000')).toBe(0);
    expect(numbers.of('http://10.0.2.1:8000')).toBe(1);
    expect(numbers.of('http://10.0.1.200:8000')).toBe(0);
  });

  it('takes hosts with names, and many proxies behind one host, for networks of their own', () => {
    const numbers = new NetworkNumbers();
    const urls = [
      'http://a.example:8000',
      'http://b.example:8000',
      'http://one@10.0.1.1:8000',
      'http://two@10.0.1.1:8000',
      'http://three@10.0.1.1:8000',
    ];
    expect(urls.map((url) => numbers.of(url))).toEqual([0, 1, 2, 3, 4]);
    expect(urls.map((url) => numbers.of(url))).toEqual([0, 1, 2, 3, 4]);
  });
});
