export * from './apify/names.ts';
export * as default from './apify/names.ts';
