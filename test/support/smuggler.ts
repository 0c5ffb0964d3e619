/**
 * Programs that leave something behind wherever they can, and tell what was left for them: a script
 * that does it in many ways, and a WASI program that does all at once.
 */

import type { LoadableProgram } from '../../src/ports.ts';
import { programText, scriptOf } from './job-runner.ts';
import { type Bytes, op, type, wasiCommand } from './wasm-builder.ts';

/** Statements of each way: they return what they found, and leave something. */
export const ways: readonly (readonly [way: string, statements: string, found: unknown])[] = [
  ['a variable', 'count += 1; return count;', 1],
  ['a closure', 'return remember(1);', 1],
  ['a private member of a class', 'return Counter.next();', 0],
  ['a suspended generator', 'return counting.next().value;', 0],
  ['a suspended async generator', 'return later.next().then(({ value }) => value);', 0],
  ['an iterator of an array', 'return entries.next().value;', 5],
  ['what a program evaluated to', 'return self.compute.left ?? (self.compute.left = 1, 0);', 0],
  ['a property of a function', 'return compute.left ?? (compute.left = 1, 0);', 0],
  ['a global', `${leave('globalThis')} return typeof left;`, 'undefined'],
  ['a global by eval', `(0, eval)('var left = 1;'); return eval('typeof left');`, 'undefined'],
  [
    'a global by Function',
    `${tried("Function('left = 1')()")} return Function('return typeof left')();`,
    'undefined',
  ],
  [
    'a global by this',
    `(0, eval)('(function () { return this; })()'); return typeof left;`,
    'undefined',
  ],
  [
    'a map keyed by an intrinsic',
    'const had = map.has(Array); map.set(Array, 1); return had;',
    false,
  ],
  [
    'a weak map keyed by an intrinsic',
    'const had = weak.has(Object.prototype); weak.set(Object.prototype, 1); return had;',
    false,
  ],
  [
    'a private name of an intrinsic',
    `const had = Stamp.on(Object.prototype);
    ${tried('new Stamp(Object.prototype)')}
    return had;`,
    false,
  ],
  [
    'the template of a tag',
    `const site = ((parts) => parts)\`left\`;
    const had = Stamp.on(site) || weak.has(site);
    weak.set(site, 1);
    ${tried('new Stamp(site)')}
    ${leave('site')}
    return had;`,
    false,
  ],
  [
    'a symbol that is registered',
    `const key = Symbol.for('left');
    ${tried('Object.prototype[key] = 1')} ${tried('globalThis[key] = 1')}
    return typeof ({})[key] + Symbol.keyFor(key);`,
    'undefinedleft',
  ],
  ["a regular expression's place", 'const at = sticky.lastIndex; sticky.test("aa"); return at;', 0],
  [
    'the last match',
    `const seen = [RegExp.$1, RegExp.lastMatch, RegExp.input];
    /(left)/.test('has left it');
    return seen.map(String).join();`,
    'undefined,undefined,undefined',
  ],
  [
    'a compiled regular expression',
    `${tried("RegExp.prototype.compile.call(sticky, 'b', 'y')")}
    return sticky.source;`,
    'a',
  ],
  [
    "how many frames errors' stacks have",
    `const had = String(Error.stackTraceLimit);
    ${tried('Error.stackTraceLimit = 77')}
    return had;`,
    'undefined',
  ],
  [
    'how stacks are made',
    `const had = String(Error.prepareStackTrace({}, []));
    ${tried("Error.prepareStackTrace = () => 'left'")}
    return had;`,
    '',
  ],
  ['a date', `const had = when.getTime(); when.setTime(5); ${leave('Date')} return had;`, 0],
  [
    'the prototype of dates',
    `${tried('Date.prototype.setTime.call(Date.prototype, 5)')}
    ${tried("Date.prototype.getTime = () => 'left'")}
    return new Date(0).getTime();`,
    0,
  ],
  [
    'chance',
    `${tried('Math.random = () => 0.5')} ${tried('Math.random()')} ${leave('Math')}
    return String(Math.left);`,
    'undefined',
  ],
  [
    'a property of the console',
    `${leave('console')} ${leave('console.log')}
    return String(console.left ?? console.log.left);`,
    'undefined',
  ],
  [
    'a prototype',
    `${leave('Object.prototype')} ${leave('Function.prototype')}
    ${leave('Array.prototype')} ${leave('Promise.prototype')} ${leave('Error.prototype')}
    return [({}).left, (() => 1).left, [].left, Promise.resolve().left, new Error().left].join();`,
    ',,,,',
  ],
  [
    'a prototype of no name',
    `const kinds = [function* () {}, async () => {}, async function* () {},
      [].values(), new Map().values(), ''.matchAll(/a/g), new Uint8Array(), [].values().map(String)]
      .map(Object.getPrototypeOf);
    for (const kind of kinds) ${leave('kind')}
    return kinds.map((kind) => kind.left).join('');`,
    '',
  ],
  [
    'an array of floats',
    `${leave('Float64Array')} ${leave('Float64Array.prototype')}
    return [Float64Array.left, new Float64Array(1).left, new Float64Array(2).join()].join();`,
    ',,0,0',
  ],
  [
    'memory that was let go',
    `const bytes = new Uint8Array(100_000);
    const had = bytes.some((byte) => byte !== 0);
    bytes.fill(7);
    return had;`,
    false,
  ],
  ['a frozen thing', 'const had = Object.isFrozen(loose); harden(loose); return had;', false],
  [
    'promises that run on after the result',
    `const had = count;
    const go = async () => { for (let n = 0; n < 5000; n += 1) { await null; count += 1; } };
    go(); go();
    return had;`,
    0,
  ],
  [
    'a promise that resolves to the next',
    'const had = count; waiting.then(() => { count = 9; }); open(); return had;',
    0,
  ],
  [
    'a thenable that keeps what it is given',
    `const had = kept.length;
    return { then(resolve, reject) { kept.push(resolve, reject); resolve(had); } };`,
    0,
  ],
  [
    'an evaluator that is shut',
    `let deepest = 'none';
    const down = () => { try { down(); } catch { try { eval('0'); } catch {} } };
    try { deepest = eval('"evaluated"'); } catch (error) { deepest = String(error); }
    down();
    return deepest;`,
    'evaluated',
  ],
];

const ownState = `
  let count = 0;
  const self = { get compute() { return compute; } };
  const map = new Map();
  const weak = new WeakMap();
  const loose = {};
  const kept = [];
  const sticky = /a/g;
  const when = new Date(0);
  const remember = (() => { const seen = []; return (value) => seen.push(value); })();
  class Counter { static #n = 0; static next() { return Counter.#n++; } }
  class Stamp extends (function (object) { return object; }) {
    #left = 1;
    static on(object) { return #left in object; }
  }
  const counting = (function* () { for (let n = 0; ; n += 1) yield n; })();
  const later = (async function* () { for (let n = 0; ; n += 1) yield n; })();
  const entries = [5, 6, 7].values();
  let open;
  const waiting = new Promise((resolve) => { open = resolve; });`;

function leave(where: string): string {
  return tried(`${where}.left = 1`);
}

function tried(statement: string): string {
  return `{ try { ${statement}; } catch {} }`;
}

/** A program of all the ways: its chunk says which. @param name so that there can be two */
export function smuggler(name: string): LoadableProgram {
  const cases = ways.map(([way, statements]) => `case ${JSON.stringify(way)}: { ${statements} }`);
  return scriptOf(
    programText(`// ${name}\n${ownState}
      function compute(way) { switch (way) { ${cases.join('\n')} } throw way; }`),
  );
}

/** Where in its memory the program below puts what it finds; all of it is its output. */
const found = { at: 128, bytes: 100, random: 84 };

const path = { at: 64, text: 'left' };
/** To open it with: flags, and a right. */
const creates = 1;
const alone = 4;
const mayWrite = 64n;

const functions = [
  'fd_write',
  'fd_read',
  'fd_close',
  'fd_renumber',
  'path_open',
  'clock_time_get',
  'poll_oneoff',
  'random_get',
];
/** The function after them. */
const start = functions.length;

const tableGet: Bytes = [0x25, 0];
const tableSet: Bytes = [0x26, 0];
const isNull: Bytes = [0xd1];
const refFunc = (index: number): Bytes => [0xd2, index];
const memoryInit = (segment: number): Bytes => [0xfc, 8, segment, 0];
const dataDrop = (segment: number): Bytes => [0xfc, 9, segment];

function called(name: string, ...parameters: readonly Bytes[]): Bytes {
  return [...parameters.flat(), ...op.call(functions.indexOf(name))];
}

/** Stores what the code gives where it is found. */
function stored(at: number, code: Bytes): Bytes {
  return [...op.i32(found.at + at), ...code, ...op.i32Store()];
}

/** Writes a list of one buffer. */
function buffer(at: number, from: number, bytes: number): Bytes {
  const pair = [...op.i32(at), ...op.i32(from), ...op.i32Store()];
  return [...pair, ...op.i32(at), ...op.i32(bytes), ...op.i32Store(4)];
}

/** Looks at all that a WASI program can change, then changes it. */
export const leaver = wasiCommand({
  wasi: functions,
  tables: [{ min: 1, max: 8 }],
  globals: [{ type: type.i64, mutable: true, init: op.i64(5n) }],
  dataCount: 2,
  data: [{ offset: op.i32(path.at), bytes: path.text }, { bytes: 'passive' }],
  code: [
    // Memory: its size, and what is in it.
    ...stored(0, op.memorySize),
    ...op.i32(1),
    ...op.memoryGrow,
    ...op.drop,
    ...stored(4, [...op.i32(60_000), ...op.i32Load()]),
    ...op.i32(60_000),
    ...op.i32(7),
    ...op.i32Store(),
    // A global.
    ...op.i32(found.at),
    ...op.globalGet(0),
    ...op.i64Store(8),
    ...op.i64(7n),
    ...op.globalSet(0),
    // A table: its size, and whether its first element is null.
    ...stored(16, op.tableSize()),
    ...op.refNull(type.funcref),
    ...op.i32(1),
    ...op.tableGrow(),
    ...op.drop,
    ...stored(20, [...op.i32(0), ...tableGet, ...isNull]),
    ...op.i32(0),
    ...refFunc(start),
    ...tableSet,
    // A segment, gone once it is dropped.
    ...op.i32(found.at + 24),
    ...op.i32(0),
    ...op.i32(7),
    ...memoryInit(1),
    ...dataDrop(1),
    // Both clocks, before a sleep of 2 ** 40 ns, subscribed to at 1024.
    ...stored(32, called('clock_time_get', op.i32(0), op.i64(0n), op.i32(found.at + 40))),
    ...stored(36, called('clock_time_get', op.i32(1), op.i64(0n), op.i32(found.at + 48))),
    ...op.i32(1024),
    ...op.i64(2n ** 40n),
    ...op.i64Store(24),
    ...called('poll_oneoff', op.i32(1024), op.i32(1100), op.i32(1), op.i32(1200)),
    ...op.drop,
    // A file that must not be there yet: created, exclusively; and its descriptor.
    ...stored(
      56,
      called(
        'path_open',
        op.i32(3),
        op.i32(0),
        op.i32(path.at),
        op.i32(path.text.length),
        op.i32(creates | alone),
        op.i64(mayWrite),
        op.i64(0n),
        op.i32(0),
        op.i32(found.at + 60),
      ),
    ),
    // The root in its place, then stdin read and closed.
    ...stored(64, called('fd_renumber', op.i32(4), op.i32(3))),
    ...buffer(1300, 1400, 16),
    ...stored(68, called('fd_read', op.i32(0), op.i32(1300), op.i32(1), op.i32(found.at + 72))),
    ...stored(76, called('fd_close', op.i32(0))),
    ...stored(found.random - 4, called('random_get', op.i32(found.at + found.random), op.i32(16))),
    ...buffer(1300, found.at, found.bytes),
    ...called('fd_write', op.i32(1), op.i32(1300), op.i32(1), op.i32(1500)),
    ...op.drop,
    ...called('fd_close', op.i32(1)),
    ...op.drop,
  ],
});
