import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openProxy, proxyInfo } from '../../../test/support/local-proxy.ts';
import { refusedPort } from '../../../test/support/local-server.ts';
import { openSite } from '../../../test/support/local-site.ts';
import { type ForwardedProxy, forwarderFailure, LoopbackForwarders } from './loopback-forwarder.ts';

describe('the loopback forwarder', () => {
  const forwarders = new LoopbackForwarders();
  const open: ForwardedProxy[] = [];

  const forward = async (...args: Parameters<typeof proxyInfo>): Promise<ForwardedProxy> => {
    const forwarded = await forwarders.open(proxyInfo(...args));
    open.push(forwarded);
    return forwarded;
  };

  afterEach(async () => {
    await Promise.all(open.splice(0).map((forwarded) => forwarded.release()));
    expect(forwarders.size).toBe(0);
  });

  it('leaves alone what asks for no credentials', async () => {
    expect((await forward('http', 8000)).server).toBe('http://127.0.0.1:8000');
    expect((await forward('socks5', 1080)).server).toBe('socks5://127.0.0.1:1080');
    expect(forwarders.size).toBe(0);
  });

  it('logs in for its users, and shows no credentials to them', async () => {
    await using proxy = await openProxy({ username: 'user', password: 'p@ss:w/rd#' });
    await using site = await openSite((_request, response) => response.end('hello'));
    const { server } = await forward('http', proxy.port, 'user', 'p@ss:w/rd#');
    expect(server).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await get(server, `${site.url}/`)).toMatchObject({ statusCode: 200, body: 'hello' });
    expect(proxy.seen).toEqual([`GET ${site.url}/`]);
  });

  it('is one for all users of a proxy, and ends with the last; letting go twice counts once', async () => {
    const info = ['http', await refusedPort(), 'user', 'x'] as const;
    const [first, second] = await Promise.all([forward(...info), forward(...info)]);
    expect(second.server).toBe(first.server);
    const other = await forward('http', info[1], 'user', 'y');
    expect(other.server).not.toBe(first.server);
    expect(forwarders.size).toBe(2);
    await first.release();
    await first.release();
    expect((await get(second.server, 'http://127.0.0.1:1/')).statusCode).toBe(594);
    await second.release();
    await expect(get(second.server, 'http://127.0.0.1:1/')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('marks its own answers, and passes on those of sites as they are', async () => {
    await using proxy = await openProxy({ username: 'user', password: 'right' });
    await using site = await openSite((_request, response) => {
      response.writeHead(594, { server: 'site', 'set-cookie': ['a=1', 'b=2'] }).end();
    });
    const right = await forward('http', proxy.port, 'user', 'right');
    const answer = await get(right.server, `${site.url}/`);
    expect(answer.headers).toMatchObject({ server: 'site' });
    expect(answer.setCookie).toEqual(['a=1', 'b=2']);
    expect(forwarderFailure(answer)).toBeUndefined();

    const wrong = await forward('http', proxy.port, 'user', 'wrong');
    expect(forwarderFailure(await get(wrong.server, `${site.url}/`))).toBe(407);
    const dead = await forward('http', await refusedPort(), 'user', 'x');
    expect(forwarderFailure(await get(dead.server, `${site.url}/`))).toBeNull();
  });
});

interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly setCookie: readonly string[] | undefined;
  readonly body: string;
}

function get(proxy: string, url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${proxy}/`, { path: url, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({
          statusCode: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          setCookie: response.headers['set-cookie'],
          body,
        }),
      );
    });
    sent.on('error', reject).end();
  });
}
