/** `npm start` as a newcomer runs it. */

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { tempDir } from '../support/temp-dir.ts';

const demo = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));

test('the demo ends with the right answer and a table, and leaves nothing behind', async () => {
  // Its own folder for temporary files: others that run at this moment have theirs elsewhere.
  const tmp = tempDir();
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo], {
    env: { ...process.env, TMPDIR: tmp },
  });
  expect(stdout).toContain('there are 50847534 primes up to 10^9');
  expect(stderr).toMatch(/primes \w{8} done: (\S+) of \1 chunks accepted, \d+ disputes?, \d/);
  // Two are enough to agree: one that was late has no part in it.
  const table = /^PEER +LEASED +ACCEPTED +LOST .*\n(?:\w{8}.*\n){2,3}/m;
  expect(stderr).toMatch(table);
  expect(readdirSync(tmp)).toEqual([]);
  expect(commandLines().filter((line) => line.includes(tmp))).toEqual([]);
});

/** Of all processes, where the system tells. */
function commandLines(): string[] {
  if (process.platform !== 'linux') return [];
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      return [readFileSync(`/proc/${id}/cmdline`, 'utf8')];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}
