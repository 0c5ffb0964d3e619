/**
 * Which tests begin first where nothing is known of how long they take, as on a fresh checkout:
 * those of the folders that start processes or simulate grids. A file of a minute that begins last
 * would leave all processors but one with nothing to do. Vitest goes by the size of files alone.
 */

import { BaseSequencer, type TestSpecification } from 'vitest/node';

const folders = ['/test/e2e/', '/test/sandbox/', '/test/simulation/'];

export class SlowFoldersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean =>
      folders.some((folder) => moduleId.includes(folder));
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
