import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * How many seconds files take that take long, on two cores. Only their order counts: a new slow file belongs where it
 * fits, and one that is not here comes after them.
 */
export const SECS_BY_FILE: Readonly<Record<string, number>> = {
  'test/browser/puppeteer-crawler.test.ts': 62,
  'test/browser/playwright-crawler.test.ts': 58,
  'test/contract/puppeteer-driver.test.ts': 37,
  'test/contract/playwright-driver.test.ts': 27,
  'test/integration/cli-resume.test.ts': 16,
  'test/integration/cli-crawl.test.ts': 16,
  'test/integration/cli-usage.test.ts': 15,
  'test/integration/fleet-cli.test.ts': 14,
  'test/integration/lab-sockets.test.ts': 14,
  'test/examples.test.ts': 13,
  'test/integration/crawl-kill.test.ts': 12,
  'test/contract/storage-redis-cluster.test.ts': 12,
  'test/integration/fleet-failover.test.ts': 11,
  'test/contract/storage-redis-sentinel.test.ts': 11,
  'test/integration/cli-demo.test.ts': 10,
  'test/apify/page.test.ts': 10,
  'test/integration/fleet-crash.test.ts': 9,
  'test/integration/cli-lab.test.ts': 9,
  'test/integration/fleet-outage.test.ts': 8,
  'test/browser/adaptive-crawler.test.ts': 8,
  'test/integration/queue-crash.test.ts': 8,
  'src/lab/fit/fit-world.test.ts': 8,
  'test/docs.test.ts': 7,
  'test/contract/storage-processes.test.ts': 7,
  'test/contract/http-client.test.ts': 7,
  'test/integration/fleet-sessions-evidence.test.ts': 7,
  'test/integration/fleet-sessions-bans.test.ts': 7,
  'src/lab/simulation/simulate.test.ts': 7,
  'src/session/session.test.ts': 5,
  'test/apify/actor.test.ts': 4,
  'test/apify/crawlers.test.ts': 4,
  'test/contract/storage-redis-model.test.ts': 4,
  'test/contract/storage-redis-failures.test.ts': 4,
  'test/integration/fleet-sessions-kill.test.ts': 4,
  'test/integration/fleet-sessions-pace.test.ts': 3,
};

/** Begins with the files that take longest, so that no thread is left alone with one of them at the end. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => secsOf(b) - secsOf(a));
  }
}

function secsOf({ moduleId, project }: TestSpecification): number {
  const path = moduleId.slice(project.config.root.length + 1);
  return SECS_BY_FILE[path] ?? 0;
}
