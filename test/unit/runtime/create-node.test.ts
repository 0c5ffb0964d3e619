import { closeSync, openSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';

import { expect, onTestFinished, test } from 'vitest';

import type { Sandbox } from '../../../src/ports.ts';
import {
  createNode,
  type NodeComponents,
  type NodeOptions,
} from '../../../src/runtime/create-node.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { anna, givenLimits } from '../../support/protocol-fixtures.ts';
import { tempDir } from '../../support/temp-dir.ts';

function optionsIn(dataPath: string): NodeOptions {
  return {
    dataPath,
    controlPath: join(dataPath, 'control.sock'),
    listen: '127.0.0.1:0',
    advertise: [],
    peers: [],
    slots: 0,
    limits: givenLimits,
    version: '0',
  };
}

/** @param lines what is logged goes here */
function componentsWith(sandbox: Sandbox, lines: string[] = []): NodeComponents {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(Object(JSON.parse(String(chunk))).msg));
      done();
    },
  });
  return { log: createLog({ level: 'info', stream }), sandbox };
}

test('what fails to close neither hides why a start failed nor keeps others open', async () => {
  const dataPath = tempDir();
  await writeFile(join(dataPath, 'control.sock'), 'no socket');
  const sandbox = fakeSandbox({ close: () => Promise.reject(new Error('its threads are stuck')) });
  // The second one finds the folder free, so the store of the first was closed.
  for (let start = 1; start <= 2; start++) {
    const started = createNode(optionsIn(dataPath), componentsWith(sandbox));
    const error = await gridErrorOf(started);
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('no socket')]);
  }
});

test.each([
  ['neither was given a peer nor met one', [], 0, false],
  ['was given one', ['127.0.0.1:1'], 0, true],
  ['has met one in an earlier run', [], 1, true],
])('a peer that %s knows whether it is alone', async (_what, peers, met, knowsOthers) => {
  const dataPath = tempDir();
  await keepPeers(dataPath, met);
  const lines: string[] = [];
  const components = componentsWith(fakeSandbox(), lines);
  const node = await createNode({ ...optionsIn(dataPath), peers }, components);
  onTestFinished(() => node.stop());
  expect(node.knowsOthers).toBe(knowsOthers);
  const alone = 'it knows no other peer yet; others join through it by --peer and its address';
  expect(lines.filter((line) => line === alone)).toHaveLength(knowsOthers ? 0 : 1);
});

test('a peer whose database has a damaged page does not start, and names the file', async () => {
  const dataPath = tempDir();
  await keepPeers(dataPath, 1);
  scribbleOverPeers(dataPath);
  await expect(
    createNode(optionsIn(dataPath), componentsWith(fakeSandbox())),
  ).rejects.toMatchObject({
    code: 'store-failed',
    message: expect.stringContaining(`The database ${dataPath}/jobs.sqlite is damaged`),
  });
});

test('in a large database damage to known peers is passed over', async () => {
  const dataPath = tempDir();
  await keepPeers(dataPath, 1);
  const database = new DatabaseSync(join(dataPath, 'jobs.sqlite'));
  database.exec(`CREATE TABLE ballast AS SELECT zeroblob(${2 ** 26})`);
  database.close();
  scribbleOverPeers(dataPath);
  const lines: string[] = [];
  const node = await createNode(optionsIn(dataPath), componentsWith(fakeSandbox(), lines));
  onTestFinished(() => node.stop());
  expect(node.knowsOthers).toBe(false);
  expect(lines[0]).toMatch(/^the peers of earlier runs can't be read: .* is damaged/);
});

test('a peer that stops as soon as it has a neighbour knows it at its next start', async () => {
  const entrance = await createNode(optionsIn(tempDir()), componentsWith(fakeSandbox()));
  onTestFinished(() => entrance.stop());
  const dataPath = tempDir();
  const lines: string[] = [];
  const options = { ...optionsIn(dataPath), peers: entrance.addresses };
  const node = await createNode(options, componentsWith(fakeSandbox(), lines));
  await expect.poll(() => lines).toContain('neighbour up');
  await node.stop();
  const store = await openStore({ path: dataPath });
  onTestFinished(() => store.close());
  expect(store.listPeers()).toMatchObject([{ peer: entrance.peer, addresses: entrance.addresses }]);
});

async function keepPeers(dataPath: string, count: number): Promise<void> {
  const store = await openStore({ path: dataPath });
  const peers = [{ peer: anna, addresses: ['127.0.0.1:1'], seenAtMs: 1 }];
  store.putPeers(peers.slice(0, count));
  store.close();
}

/** As a bad sector would, in that table alone. */
function scribbleOverPeers(dataPath: string): void {
  const path = join(dataPath, 'jobs.sqlite');
  const database = new DatabaseSync(path);
  const one = (sql: string, column: string) => Number(database.prepare(sql).get()?.[column]);
  const pageBytes = one('PRAGMA page_size', 'page_size');
  const page = one("SELECT rootpage FROM sqlite_schema WHERE name = 'peers'", 'rootpage');
  database.close();
  const file = openSync(path, 'r+');
  writeSync(file, new Uint8Array(pageBytes).fill(0xff), 0, pageBytes, (page - 1) * pageBytes);
  closeSync(file);
}
