import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests wait for a browser or a process of their own. */
const SLOW = /\/(?:browser|integration|apify)\/|-driver\.test\.ts$/;

/** Begins with the files that take long, so that no thread is left alone with one of them at the end. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

function isSlow({ moduleId }: TestSpecification): boolean {
  return SLOW.test(moduleId);
}
