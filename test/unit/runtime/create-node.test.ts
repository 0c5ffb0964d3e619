import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import { createNode } from '../../../src/runtime/create-node.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { givenLimits } from '../../support/protocol-fixtures.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('what fails to close neither hides why a start failed nor keeps others open', async () => {
  const dataPath = tempDir();
  const controlPath = join(dataPath, 'control.sock');
  await writeFile(controlPath, 'no socket');
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const options = {
    dataPath,
    controlPath,
    listen: '127.0.0.1:0',
    advertise: [],
    peers: [],
    slots: 0,
    limits: givenLimits,
    version: '0',
  };
  const sandbox = fakeSandbox({ close: () => Promise.reject(new Error('its threads are stuck')) });
  const components = { log: createLog({ level: 'silent', format: 'json', stream }), sandbox };
  // The second one finds the folder free, so the store of the first was closed.
  for (let start = 1; start <= 2; start++) {
    const error = await gridErrorOf(createNode(options, components));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('no socket')]);
  }
});
