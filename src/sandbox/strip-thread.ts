/**
 * The second wall: a thread that has nothing but its own computing left. It stands behind the
 * runtime's wall: should a program ever get out of its compartment or its instance, it finds itself
 * in a realm without a way to anything.
 *
 * Node's permission model, the third wall, denies the whole process files, network and children,
 * but not all that hurts: signals to any process of the user, priorities, more threads, V8's flags,
 * file descriptors that are open, such as the channel to the peer. These are all reached through
 * modules and through `process`. So once a thread has loaded what it needs, it refuses every
 * further module, and of its globals and of `process` only what is listed here stays: a list of
 * what is harmful would not know what the next version of Node brings.
 *
 * What our own modules, piscina and Node itself use of these later on, they hold already.
 */

import { registerHooks } from 'node:module';

import type { Runtime } from '../model/program.ts';
import { fixIntrinsics } from './fixed-intrinsics.ts';

/**
 * Called by a thread's module as its last act before any program. From then on nothing can be
 * imported or required, not even what is loaded already.
 * @param runtime of the programs that the thread runs
 */
export function stripThread(runtime: Runtime): void {
  const realProcess = process;
  dropPermissions();
  stripGlobals(new Set([...languageGlobals, ...hostGlobals, ...runtimeGlobals[runtime]]));
  stripProcess(realProcess);
  if (runtime === 'wasi') stripCodeMakers();
  fixIntrinsics(languageGlobals);
  registerHooks({ resolve: refuse, load: refuse });
}

/**
 * What a thread loads it has loaded: from now on it reads nothing. A further thread would be a way
 * out of the permission model, in whose flags it could leave out what it likes.
 */
function dropPermissions(): void {
  // There is none in a process that was started without, such as a test's.
  const permission: Partial<NodeJS.Process['permission']> | undefined = process.permission;
  for (const scope of ['fs.read', 'worker']) permission?.drop?.(scope);
}

function refuse(): never {
  throw new Error('a thread of the sandbox loads no modules');
}

/** ECMAScript's, without those that see time, other threads or the garbage collector. */
const languageGlobals = [
  'globalThis',
  'Infinity',
  'NaN',
  'undefined',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'unescape',
  'Object',
  'Boolean',
  'Symbol',
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SuppressedError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Number',
  'BigInt',
  'Math',
  'Date',
  'String',
  'RegExp',
  'Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'ArrayBuffer',
  'DataView',
  'JSON',
  'Promise',
  'Proxy',
  'Reflect',
  'Iterator',
];

/** Looked up as globals while a thread works: by cborg, piscina and our own modules. */
const hostGlobals = [
  'Atomics',
  'Buffer',
  'TextDecoder',
  'TextEncoder',
  'process',
  'queueMicrotask',
];

/** SES makes its compartments with `eval`; nothing makes a program out of text for WebAssembly. */
const runtimeGlobals: Record<Runtime, readonly string[]> = {
  javascript: ['eval', 'Function'],
  wasi: ['WebAssembly'],
};

function stripGlobals(kept: ReadonlySet<PropertyKey>): void {
  for (const key of Reflect.ownKeys(globalThis)) {
    if (!kept.has(key)) remove(globalThis, key);
  }
  // piscina waits after each task for what the task wrote to these.
  const noStream = Object.freeze({ writableLength: 0 });
  Object.defineProperty(globalThis, 'process', {
    value: Object.freeze({ stdout: noStream, stderr: noStream }),
    configurable: false,
    enumerable: false,
    writable: false,
  });
}

/** Nobody is handed the real one any more, but Node has it, and calls these on it. */
const processMembers = new Set<PropertyKey>([
  'addListener',
  'constructor',
  'domain',
  'emit',
  'emitWarning',
  'exit',
  'exitCode',
  'listenerCount',
  'nextTick',
  'off',
  'on',
  'once',
  'reallyExit',
  'removeListener',
  // Streams to the main thread, which it asks to go on.
  'stderr',
  'stdin',
  'stdout',
  '_events',
  '_eventsCount',
  '_exiting',
  '_fatalException',
  '_maxListeners',
  '_tickCallback',
]);

function stripProcess(realProcess: object): void {
  for (const key of Reflect.ownKeys(realProcess)) {
    if (!processMembers.has(key) && typeof key !== 'symbol') remove(realProcess, key);
  }
}

/** The ways to `Function` and its kin that don't need their names. */
function stripCodeMakers(): void {
  const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const kind of kinds) remove(Object.getPrototypeOf(kind), 'constructor');
}

/**
 * Facts about Node, such as its version, can't be deleted. Whatever does something must go. V8's
 * `gc` can be overwritten only: a thread has it that happens to start while another one of the
 * process gets hold of its own (`memory-garbage.ts`).
 */
function remove(from: object, key: PropertyKey): void {
  if (Reflect.deleteProperty(from, key)) return;
  if (typeof Reflect.get(from, key) !== 'function') return;
  if (Reflect.set(from, key, undefined) && Reflect.get(from, key) === undefined) return;
  throw new Error(`a thread of the sandbox can't get rid of ${String(key)}`);
}
