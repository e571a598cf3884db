import { messageOf } from '../../src/core/errors.ts';
import { CheerioCrawler } from '../../src/crawler/cheerio-crawler.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';

const crawler = new CheerioCrawler({ storage: new MemoryStorage(), requestHandler: () => {} });
try {
  await crawler.run(['http://127.0.0.1/']);
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code} ${messageOf(error)}`);
}
