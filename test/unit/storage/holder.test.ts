import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { heldByAnother, noteHolder } from '../../../src/storage/holder.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('who comes second is told whose the folder is, since when, and how to reach it', () => {
  const path = tempDir();
  noteHolder(path, { pid: 4711, sinceMs: 1_800_000_000_000, controlPath: '/data/control.sock' });
  expect(heldByAnother(path, undefined)).toMatchObject({
    code: 'peer-already-running',
    message: `The data folder ${path} is in use by process 4711, since 2027-01-15T08:00:00.000Z; \
\`manyhands status\` reaches it at /data/control.sock. Only one peer at a time can use it: stop \
the other one with \`manyhands finish\`, or choose another folder with --data.`,
  });
});

test.each([
  ['is not there', undefined],
  ['is empty', ''],
  ['is something else', '{"pid":"x"}'],
  ['has a time that is none', '{"pid":7,"sinceMs":1e300}'],
])('a note that %s is done without', (_what, text) => {
  const path = tempDir();
  if (text !== undefined) writeFileSync(join(path, 'holder.json'), text);
  expect(heldByAnother(path, undefined).message).toContain('is in use by another process. Only');
});

test('a folder that takes no note is none the worse', () => {
  const path = join(tempDir(), 'missing');
  expect(() => noteHolder(path, { pid: 1, sinceMs: 0 })).not.toThrow();
});
