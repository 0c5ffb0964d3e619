import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

test('a chunk that can not be stopped fails, and its thread is reported as stuck', async () => {
  const file = fileURLToPath(new URL('../support/stuck-process.ts', import.meta.url));
  const { signal, stdout } = await new Promise<{ signal: unknown; stdout: string }>((resolve) => {
    execFile(process.execPath, [file], (error, stdout) =>
      resolve({ signal: error?.signal, stdout }),
    );
  });
  expect(stdout.trim().split('\n')).toEqual([
    '[0,{"kind":"timed-out","detail":"the chunk ran longer than 500 ms"},2]',
    'a thread was told to end and still runs after 5000 ms',
  ]);
  expect(signal).toBe('SIGKILL');
});
