/**
 * A peer that ends at a given point of writing down what becomes of its jobs, as `kill -9` would
 * end it. Usage: dying-peer-process.ts POINT COUNT join OPTIONS, as `manyhands join`: at the
 * COUNTth time that it comes to the POINT, which is one of those that `pass` is called with.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseArgs } from 'node:util';

import { joinFlags, nodeOptions, sayUp } from './scripted-peer.ts';

const [point, countText, ...line] = process.argv.slice(2);
let timesLeft = Number(countText);

/** Ends the process, if this is where it is to end. */
function pass(here: string): void {
  if (here !== point) return;
  timesLeft -= 1;
  if (timesLeft === 0) process.kill(process.pid, 'SIGKILL');
}

/** @param around is given the call and its arguments */
function wrap(
  on: object,
  name: string,
  around: (call: (given: readonly unknown[]) => unknown, given: readonly unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(on, name);
  if (typeof method !== 'function') throw new Error(`there is no ${name}`);
  Reflect.set(on, name, function wrapped(this: unknown, ...given: readonly unknown[]) {
    return around((changed) => Reflect.apply(method, this, changed), given);
  });
}

const steps: Readonly<Record<string, string>> = { 'BEGIN IMMEDIATE': 'begin', COMMIT: 'commit' };
let isInTransaction = false;

wrap(DatabaseSync.prototype, 'exec', (call, given) => {
  const step = steps[String(given[0])];
  if (step === undefined) return call(given);
  pass(`before ${step}`);
  call(given);
  isInTransaction = step === 'begin';
  return pass(`after ${step}`);
});

wrap(StatementSync.prototype, 'run', (call, given) => {
  if (!isInTransaction) return call(given);
  pass('before a row');
  const changes = call(given);
  pass('after a row');
  return changes;
});

wrap(fs, 'fdatasync', (call, [file, done]) => {
  pass('before sync');
  return call([
    file,
    (error: unknown) => {
      pass('after sync');
      if (typeof done === 'function') done(error);
    },
  ]);
});
syncBuiltinESMExports();

const { values } = parseArgs({ args: line, allowPositionals: true, options: joinFlags });
// Only now: what it imports is to be what was changed above.
const { createNode } = await import('../../src/runtime/create-node.ts');
const { createLog } = await import('../../src/runtime/log.ts');
const log = createLog({ level: 'info', stream: process.stderr });
sayUp(await createNode(nodeOptions(values, 'dying'), { log }));
