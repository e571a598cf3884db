import { ImpitClient } from '../../src/http/impit-client.ts';
import { UndiciClient } from '../../src/http/undici-client.ts';
import { describeHttpClient, type HttpClientContract } from './http-client.contract.ts';
import { describeProxies } from './http-proxies.contract.ts';
import { describeRedirects } from './http-redirects.contract.ts';

const CLIENTS: readonly HttpClientContract[] = [
  { name: 'UndiciClient', create: () => new UndiciClient() },
  {
    name: 'ImpitClient',
    create: () => new ImpitClient(),
    lacks: { headerSpelling: true, connectTimeout: true, release: true },
  },
];

for (const client of CLIENTS) {
  describeHttpClient(client);
  describeRedirects(client);
  describeProxies(client);
}
