import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { heldByAnother, isHeld, noteHolder } from '../../../src/storage/holder.ts';
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

test('a holder that listens has the folder, and one that does not has it no more', async () => {
  const path = tempDir();
  const controlPath = join(path, 'control.sock');
  noteHolder(path, { pid: process.pid, sinceMs: 0, controlPath });
  expect(await isHeld(path)).toBe(false);
  const server = createServer().listen(controlPath);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  expect(await isHeld(path)).toBe(true);
  const { pid: gone } = spawnSync('true');
  noteHolder(path, { pid: gone, sinceMs: 0, controlPath });
  expect(await isHeld(path)).toBe(false);
  noteHolder(path, { pid: process.pid, sinceMs: 0 });
  expect(await isHeld(path)).toBe(false);
});
