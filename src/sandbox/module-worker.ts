/**
 * A thread that makes one WASI program's module ready: looks at it and compiles it. Of its own,
 * since a module may be made to compile slowly. What V8 makes of it is shared by all threads.
 */

import { parentPort, workerData } from 'node:worker_threads';

import { reasonOf } from '../model/errors.ts';
import type { FromModuleThread, ModuleTask } from './messages.ts';
import { fitModule } from './wasm-module.ts';
import { stripThread } from './strip-thread.ts';

if (parentPort === null) throw new Error('this module is for a worker thread');
const port = parentPort;

stripThread('wasi');

const task: ModuleTask = workerData;
port.postMessage(madeReady(task));
port.close();

function madeReady({ module, memoryBytesMax }: ModuleTask): FromModuleThread {
  const fitted = fitModule(module, memoryBytesMax);
  if (fitted.type === 'refused') return fitted;
  try {
    return { type: 'compiled', module: new WebAssembly.Module(fitted.bytes) };
  } catch (error) {
    const detail = `not a valid WebAssembly module: ${reasonOf(error)}`;
    return { type: 'refused', failure: { kind: 'threw', detail } };
  }
}
