export { BasicCrawler } from './crawler/basic-crawler.ts';
