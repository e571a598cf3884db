export {
  CheerioCrawler,
  type CheerioCrawlerOptions,
  createCheerioRouter,
} from './crawler/cheerio-crawler.ts';
export { type CheerioContext, type Load, loadCheerio } from './crawler/cheerio-page.ts';
