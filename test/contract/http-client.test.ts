import { UndiciClient } from '../../src/http/undici-client.ts';
import { describeHttpClient, type HttpClientContract } from './http-client.contract.ts';
import { describeProxies } from './http-proxies.contract.ts';
import { describeRedirects } from './http-redirects.contract.ts';

const CLIENTS: readonly HttpClientContract[] = [
  { name: 'UndiciClient', create: () => new UndiciClient() },
];

for (const client of CLIENTS) {
  describeHttpClient(client);
  describeRedirects(client);
  describeProxies(client);
}
