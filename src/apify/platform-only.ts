import { isAtHome } from './environment.ts';
import { NotInFacadeError, PlatformOnlyError } from './errors.ts';
import { log } from './log.ts';

/** New name: none, it is a service of the platform. @throws PlatformOnlyError always */
export async function call(..._args: unknown[]): Promise<never> {
  throw new PlatformOnlyError('Apify.call()');
}

/** New name: none, it is a service of the platform. @throws PlatformOnlyError always */
export async function callTask(..._args: unknown[]): Promise<never> {
  throw new PlatformOnlyError('Apify.callTask()');
}

/** New name: none, it is a service of the platform. @throws PlatformOnlyError always */
export async function metamorph(..._args: unknown[]): Promise<never> {
  throw new PlatformOnlyError('Apify.metamorph()');
}

/** New name: none, it is a service of the platform. @throws PlatformOnlyError always */
export function newClient(..._args: unknown[]): never {
  throw new PlatformOnlyError('Apify.newClient()');
}

/** Warns and does nothing, as documented for a process outside of the platform. New name: none. @throws PlatformOnlyError on it */
export async function addWebhook(..._args: unknown[]): Promise<undefined> {
  if (isAtHome()) throw new PlatformOnlyError('Apify.addWebhook()');
  log.warning('Apify.addWebhook() has no effect outside of the Apify platform');
  return undefined;
}

/** New name: `launch()` of Puppeteer itself. @throws NotInFacadeError always */
export async function launchPuppeteer(..._args: unknown[]): Promise<never> {
  throw new NotInFacadeError('Apify.launchPuppeteer()', 'call `launch()` of Puppeteer itself');
}

/** New name: `launch()` of Playwright itself. @throws NotInFacadeError always */
export async function launchPlaywright(..._args: unknown[]): Promise<never> {
  throw new NotInFacadeError('Apify.launchPlaywright()', 'call `launch()` of Playwright itself');
}

/** New name: `process.memoryUsage()`. @throws NotInFacadeError always */
export async function getMemoryInfo(): Promise<never> {
  throw new NotInFacadeError('Apify.getMemoryInfo()', 'use `process.memoryUsage()`');
}
