/**
 * The gate before a WASI program: what of a stranger's module is looked at before V8 sees it.
 *
 * It is read once from front to back. Refused is what could reach or see more than WASI gives (any
 * other import), what makes results depend on the machine (threads, relaxed SIMD) and every feature
 * that isn't known to do neither. What passes is written again with the two things changed that V8
 * would let grow without counting them against its heap: the memory's maximum becomes the job's
 * limit and the tables get one, so that `memory.grow` and `table.grow` fail inside the program, on
 * every machine at the same size. Custom sections (names, source maps) are left out.
 *
 * An allowlist of sections and instructions, rather than V8's word on what a module asks for: V8
 * tells imports and exports of a module only once it has compiled it, and of instructions nothing.
 * The cost is one pass over bytes, linear in them; the largest thing made is a number per function.
 *
 * After https://webassembly.github.io/spec/core/binary/modules.html (release 2.0).
 */

import type { Failure } from '../model/replica.ts';
import { wasiModule, wasiParams, wasiResults } from './wasi-functions.ts';
import { CodeWalker } from './wasm-code.ts';
import { fitMemory, fitTables, leb } from './wasm-growth.ts';
import { readData, readElements, readGlobals } from './wasm-initial.ts';
import { wasmLimits } from './wasm-limits.ts';
import { WasmReader } from './wasm-reader.ts';
import { forbidden, malformed, tooCostly, WasmRefusal } from './wasm-refusal.ts';

/** What may run, with its memory's maximum set to the job's limit; or why it is refused. */
export type FittedModule =
  | { readonly type: 'fitted'; readonly bytes: Uint8Array }
  | { readonly type: 'refused'; readonly failure: Failure };

/**
 * Checks and rewrites a module before anything of it is compiled or run. Whether it is valid in
 * all else is left to `new WebAssembly.Module(bytes)`, which may still throw.
 *
 * @returns never throws for what is in `module`. Failures are `threw` for what is no WASI command,
 *   `forbidden-import` for what no volunteer gives, `out-of-memory` for what begins over the limit
 */
export function fitModule(module: Uint8Array, memoryBytesMax: number): FittedModule {
  try {
    return { type: 'fitted', bytes: new ModuleFitting(module, memoryBytesMax).fit() };
  } catch (error) {
    if (error instanceof WasmRefusal) return { type: 'refused', failure: error.failure };
    throw error;
  }
}

const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** In a module they don't stand in the order of their ids. */
const sectionOrder: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const externKinds = ['function', 'table', 'memory', 'global', 'tag'];
const functionKind = 0;
const memoryKind = 2;
const tagKind = 4;

const functionForm = 0x60;

class ModuleFitting {
  readonly #module: Uint8Array;
  readonly #reader: WasmReader;
  readonly #memoryBytesMax: number;
  /** Of the module as it will be, in their order. */
  readonly #pieces: Uint8Array[] = [];
  /** Where each type is. */
  #types = new Uint32Array(0);
  #params = new Uint16Array(0);
  #results = new Uint16Array(0);
  #importedFunctions = 0;
  /** The type of each function, imported ones first. */
  #functions = new Uint32Array(0);
  #bodies = 0;
  #exportsMemory = false;
  #startFunction: number | undefined;

  constructor(module: Uint8Array, memoryBytesMax: number) {
    this.#module = module;
    this.#reader = new WasmReader(module);
    this.#memoryBytesMax = memoryBytesMax;
  }

  fit(): Uint8Array {
    const reader = this.#reader;
    readHead(reader);
    this.#pieces.push(this.#module.subarray(0, reader.at));
    let place = -1;
    while (reader.at < reader.end) {
      const start = reader.at;
      const id = reader.u8();
      if (id === sectionIds.custom) {
        reader.skip(reader.u32());
        continue;
      }
      if (id === sectionIds.tag) throw forbidden('exceptions', start);
      const nextPlace = sectionOrder.indexOf(id);
      if (nextPlace < 0) throw malformed(`a section of the unknown kind ${id}`, start);
      if (nextPlace <= place) throw malformed('a section twice or out of order', start);
      place = nextPlace;
      this.#section(id, start);
    }
    this.#checkBodies(reader.end);
    this.#checkCommand();
    return Buffer.concat(this.#pieces);
  }

  #section(id: number, start: number): void {
    let rewritten: readonly number[] | undefined;
    this.#reader.sized(() => {
      rewritten = this.#contents(id);
    });
    const { at } = this.#reader;
    if (rewritten === undefined) this.#pieces.push(this.#module.subarray(start, at));
    else this.#pieces.push(Uint8Array.of(id, ...leb(rewritten.length), ...rewritten));
  }

  /** @returns what the section becomes, if it is changed */
  #contents(id: number): readonly number[] | undefined {
    switch (id) {
      case sectionIds.type:
        return this.#readTypes();
      case sectionIds.import:
        return this.#readImports();
      case sectionIds.function:
        return this.#readFunctions();
      case sectionIds.table:
        return fitTables(this.#reader);
      case sectionIds.memory:
        return fitMemory(this.#reader, this.#memoryBytesMax);
      case sectionIds.global:
        return readGlobals(this.#reader);
      case sectionIds.export:
        return this.#readExports();
      case sectionIds.element:
        return readElements(this.#reader);
      case sectionIds.code:
        return this.#readCode();
      case sectionIds.data:
        return readData(this.#reader);
      default:
        // The start function's index, and the count of data segments.
        this.#reader.u32();
        return undefined;
    }
  }

  #readTypes(): undefined {
    const reader = this.#reader;
    const count = reader.count('types', wasmLimits.typesMax, 2);
    this.#types = new Uint32Array(count);
    this.#params = new Uint16Array(count);
    this.#results = new Uint16Array(count);
    for (let index = 0; index < count; index += 1) {
      const at = reader.at;
      const form = reader.u8();
      if (form !== functionForm) throw unknownForm(form, at);
      this.#types[index] = reader.at;
      this.#params[index] = reader.valueTypes().length;
      this.#results[index] = reader.valueTypes().length;
    }
  }

  #readImports(): undefined {
    const reader = this.#reader;
    const count = reader.count('imports', wasmLimits.importsMax, 4);
    this.#importedFunctions = count;
    this.#functions = new Uint32Array(count);
    for (let n = 0; n < count; n += 1) {
      const module = reader.name(wasmLimits.nameBytesMax);
      const name = reader.name(wasmLimits.nameBytesMax);
      const at = reader.at;
      const kind = reader.u8();
      const params = wasiParams.get(name);
      if (module !== wasiModule || kind !== functionKind || params === undefined) {
        const what = externKinds[kind];
        if (what === undefined) throw malformed('an import of an unknown kind', at);
        throw forbiddenImport(what, module, name);
      }
      const type = this.#typeIndex();
      const expected = `(${params}) -> (${wasiResults(name)})`;
      if (this.#typeText(type) !== expected) throw wrongType(name, expected, this.#typeText(type));
      this.#functions[n] = type;
    }
  }

  #readFunctions(): undefined {
    const count = this.#reader.count('functions', wasmLimits.functionsMax, 1);
    const imported = this.#functions;
    this.#functions = new Uint32Array(imported.length + count);
    this.#functions.set(imported);
    for (let index = imported.length; index < this.#functions.length; index += 1) {
      this.#functions[index] = this.#typeIndex();
    }
  }

  #readExports(): undefined {
    const reader = this.#reader;
    const count = reader.count('exports', wasmLimits.exportsMax, 3);
    for (let n = 0; n < count; n += 1) {
      const name = reader.name(wasmLimits.nameBytesMax);
      const at = reader.at;
      const kind = reader.u8();
      if (kind === tagKind) throw forbidden('exceptions', at);
      if (kind > tagKind) throw malformed('an export of an unknown kind', at);
      const index = reader.u32();
      if (name === 'memory' && kind === memoryKind) this.#exportsMemory = true;
      if (name === '_start' && kind === functionKind) this.#startFunction = index;
    }
  }

  #readCode(): undefined {
    const reader = this.#reader;
    const at = reader.at;
    const count = reader.count('function bodies', wasmLimits.functionsMax, 2);
    this.#bodies = count;
    this.#checkBodies(at);
    const walker = new CodeWalker(reader, {
      params: this.#params,
      results: this.#results,
      functions: this.#functions,
    });
    for (let index = this.#importedFunctions; index < this.#functions.length; index += 1) {
      const start = reader.at;
      reader.sized(() => {
        if (reader.end - reader.at > wasmLimits.functionBytesMax) {
          throw tooCostly(`function ${index} has over ${wasmLimits.functionBytesMax} bytes`, start);
        }
        walker.walkBody(index);
      });
    }
  }

  #checkBodies(at: number): void {
    const functions = this.#functions.length - this.#importedFunctions;
    if (this.#bodies !== functions) {
      throw malformed(`${this.#bodies} bodies for ${functions} functions`, at);
    }
  }

  #typeIndex(): number {
    const at = this.#reader.at;
    const index = this.#reader.u32();
    if (index >= this.#types.length) throw malformed(`the unknown type ${index}`, at);
    return index;
  }

  /** As in "(iI) -> (i)". */
  #typeText(index: number): string {
    const reader = new WasmReader(this.#module);
    reader.at = this.#types[index] ?? 0;
    const params = letters(reader.valueTypes());
    return `(${params}) -> (${letters(reader.valueTypes())})`;
  }

  #checkCommand(): void {
    if (this.#startFunction === undefined) {
      throw noCommand(
        'it exports no function _start. A library (reactor) has none: give it a main function ' +
          'and link it as a program (clang without -mexec-model=reactor, Rust as a binary crate)',
      );
    }
    const type = this.#functions[this.#startFunction];
    if (type === undefined || this.#typeText(type) !== '() -> ()') {
      throw noCommand('its _start must be a function without parameters and results');
    }
    if (!this.#exportsMemory) throw noCommand('it exports no memory under the name "memory"');
  }
}

const magic = 0x6d73_6100;
const coreVersion = 1;
/** The high half says which layer a binary is of: 0 for modules, 1 for components. */
const componentLayer = 1;

function readHead(reader: WasmReader): void {
  if (fourBytes(reader) !== magic) throw malformed('other bytes than "\\0asm"', 0);
  const version = fourBytes(reader);
  if (version >>> 16 === componentLayer) {
    throw noCommand('it is a component, not a core module: build it for wasm32-wasi preview 1');
  }
  if (version !== coreVersion) throw malformed(`the unknown version ${version}`, 4);
}

function fourBytes(reader: WasmReader): number {
  const [a, b, c, d] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/** As `wasiParams` has them. */
function letters(types: Uint8Array): string {
  return Array.from(types, (type) => (type === 0x7f ? 'i' : type === 0x7e ? 'I' : '?')).join('');
}

function noCommand(reason: string): WasmRefusal {
  return new WasmRefusal('threw', `the module is not a WASI program: ${reason}`);
}

const nameCharsShown = 100;

function forbiddenImport(kind: string, module: string, name: string): WasmRefusal {
  const full = `${module.slice(0, nameCharsShown)}.${name.slice(0, nameCharsShown)}`;
  const advice =
    module === 'wasi_unstable'
      ? 'That is WASI as it was before 2020: build it with a current wasi-sdk'
      : 'Build it for wasm32-wasi (preview 1), with nothing left for JavaScript to add';
  return new WasmRefusal(
    'forbidden-import',
    `the program imports the ${kind} ${full}, but programs get nothing else than the functions ` +
      `of ${wasiModule}. ${advice}`,
  );
}

function wrongType(name: string, expected: string, type: string): WasmRefusal {
  const detail = `the program imports ${wasiModule}.${name} as ${type}; in WASI it is ${expected}`;
  return new WasmRefusal('forbidden-import', detail);
}

/** What may begin a type besides a function's. */
function unknownForm(form: number, at: number): WasmRefusal {
  if (form === 0x5d) return forbidden('stackSwitching', at);
  if (form === 0x65) return forbidden('threads', at);
  if (form >= 0x4c && form <= 0x5f) return forbidden('gc', at);
  return malformed('a type of an unknown form', at);
}
