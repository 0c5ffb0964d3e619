/**
 * Makes WebAssembly modules out of parts, good and bad ones alike: nothing is checked, and most
 * parts can be given as raw bytes, so that a test can write what no compiler would.
 *
 * Code is a list of bytes, put together from the helpers of `op` and spread: `[...op.i32(1),
 * ...op.drop]`. `wasiCommand` makes a whole program around a body:
 *
 *     wasiCommand({ wasi: ['proc_exit'], code: [...op.i32(3), ...op.call(0)] })
 */

import { wasiModule, wasiParams, wasiResults } from '../../src/sandbox/wasi-functions.ts';

export type Bytes = readonly number[];

export const type = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
  /** Of blocks. */
  none: 0x40,
} as const;

/** Raw bytes for a type of another kind. */
type TypePart = { readonly params?: Bytes; readonly results?: Bytes } | Bytes;

/** Of tables (elements) and memories (pages). Without flags: 1 if there is a maximum, 0 if not. */
export type Limits = { readonly min: number; readonly max?: number; readonly flags?: number };

export type TablePart = Limits & { readonly type?: number };
type GlobalPart = {
  readonly type: number;
  readonly mutable?: boolean;
  readonly init: Bytes;
};
export type ImportPart = { readonly module: string; readonly name: string } & (
  | { readonly func: number }
  | { readonly memory: Limits }
  | { readonly table: TablePart }
  | { readonly global: { readonly type: number; readonly mutable?: boolean } }
  | { readonly tag: number }
);
type FunctionPart = {
  /** Index of its type. */
  readonly type: number;
  /** Types, or pairs of a count and a type. */
  readonly locals?: readonly (number | readonly [number, number])[];
  /** Without the closing `end`. */
  readonly code: Bytes;
};
type ExportPart = {
  readonly name: string;
  readonly kind: 'func' | 'table' | 'memory' | 'global' | 'tag';
  readonly index: number;
};
/** Active at `offset`, or passive without it. */
type DataPart = { readonly offset?: Bytes; readonly bytes: Uint8Array | string };
/** Of table 0, active at `offset`. Raw bytes for a segment of another kind. */
type ElementsPart = { readonly offset: Bytes; readonly functions: Bytes } | Bytes;

export type ModuleParts = {
  readonly types?: readonly TypePart[];
  readonly imports?: readonly ImportPart[];
  readonly functions?: readonly FunctionPart[];
  readonly tables?: readonly TablePart[];
  readonly memories?: readonly Limits[];
  readonly tags?: readonly number[];
  readonly globals?: readonly GlobalPart[];
  readonly exports?: readonly ExportPart[];
  readonly start?: number;
  readonly elements?: readonly ElementsPart[];
  readonly dataCount?: number;
  readonly data?: readonly DataPart[];
  readonly custom?: readonly { readonly name: string; readonly bytes: Bytes }[];
};

/** A module of the parts given, its sections in the order of the specification. */
export function buildModule(parts: ModuleParts): Uint8Array {
  return assemble([
    ...section(1, parts.types?.map(typeBytes)),
    ...section(2, parts.imports?.map(importBytes)),
    ...section(
      3,
      parts.functions?.map((part) => uleb(part.type)),
    ),
    ...section(4, parts.tables?.map(tableBytes)),
    ...section(5, parts.memories?.map(limitsBytes)),
    ...section(
      13,
      parts.tags?.map((index) => [0, ...uleb(index)]),
    ),
    ...section(6, parts.globals?.map(globalBytes)),
    ...section(7, parts.exports?.map(exportBytes)),
    ...(parts.start === undefined ? [] : [rawSection(8, uleb(parts.start))]),
    ...section(9, parts.elements?.map(elementsBytes)),
    ...(parts.dataCount === undefined ? [] : [rawSection(12, uleb(parts.dataCount))]),
    ...section(10, parts.functions?.map(functionBytes)),
    ...section(11, parts.data?.map(dataBytes)),
    ...(parts.custom ?? []).map(({ name, bytes }) => rawSection(0, [...text(name), ...bytes])),
  ]);
}

/** A module of sections that are written already: for orders and contents that are none. */
export function assemble(sections: readonly (Bytes | Uint8Array)[]): Uint8Array {
  return Buffer.concat([moduleHead, ...sections].map((bytes) => Uint8Array.from(bytes)));
}

export function rawSection(id: number, contents: Bytes): Bytes {
  return [id, ...uleb(contents.length), ...contents];
}

const moduleHead: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export type CommandParts = Omit<ModuleParts, 'memories' | 'exports' | 'start'> & {
  /** Names of WASI functions to import: the nth is function n. */
  readonly wasi?: readonly string[];
  /** Imported after those of `wasi`. */
  readonly imports?: readonly ImportPart[];
  /** The first of them is the function after the last import. */
  readonly functions?: readonly FunctionPart[];
  /** The body of `_start`, without the closing `end`. It is the last function. */
  readonly code: Bytes;
  readonly locals?: FunctionPart['locals'];
  readonly memory?: Limits;
  /** Besides the memory and `_start`. */
  readonly exports?: readonly ExportPart[];
  /** Which of `functions` runs before `_start`, as the module's start function. */
  readonly startFunction?: number;
};

/** A WASI command, with one page of memory if not told otherwise. Types keep their indexes. */
export function wasiCommand(parts: CommandParts): Uint8Array {
  const { wasi = [], types = [], functions = [], startFunction } = parts;
  const imports: readonly ImportPart[] = [
    ...wasi.map((name, n) => ({ module: wasiModule, name, func: types.length + n })),
    ...(parts.imports ?? []),
  ];
  const functionsImported = imports.filter((part) => 'func' in part).length;
  const start: FunctionPart = {
    type: types.length + wasi.length,
    locals: parts.locals ?? [],
    code: parts.code,
  };
  return buildModule({
    ...parts,
    types: [...types, ...wasi.map(wasiType), {}],
    imports,
    functions: [...functions, start],
    memories: [parts.memory ?? { min: 1 }],
    exports: [
      { name: 'memory', kind: 'memory', index: 0 },
      { name: '_start', kind: 'func', index: functionsImported + functions.length },
      ...(parts.exports ?? []),
    ],
    ...(startFunction !== undefined && { start: functionsImported + startFunction }),
  });
}

const blockOpcodes = { block: 0x02, loop: 0x03, if: 0x04 } as const;

/** Instructions that tests read better by name; any other is its bytes. */
export const op = {
  unreachable: [0x00],
  nop: [0x01],
  /** With its closing `end`. */
  block: (...body: readonly Bytes[]) => blockOf(blockOpcodes.block, body),
  loop: (...body: readonly Bytes[]) => blockOf(blockOpcodes.loop, body),
  if: (...body: readonly Bytes[]) => blockOf(blockOpcodes.if, body),
  else: [0x05],
  end: [0x0b],
  br: (depth: number) => [0x0c, ...uleb(depth)],
  brIf: (depth: number) => [0x0d, ...uleb(depth)],
  return: [0x0f],
  call: (index: number) => [0x10, ...uleb(index)],
  callIndirect: (typeIndex: number, table = 0) => [0x11, ...uleb(typeIndex), ...uleb(table)],
  drop: [0x1a],
  localGet: (index: number) => [0x20, ...uleb(index)],
  localSet: (index: number) => [0x21, ...uleb(index)],
  localTee: (index: number) => [0x22, ...uleb(index)],
  globalGet: (index: number) => [0x23, ...uleb(index)],
  globalSet: (index: number) => [0x24, ...uleb(index)],
  i32Load: (offset = 0) => [0x28, 2, ...uleb(offset)],
  i64Load: (offset = 0) => [0x29, 3, ...uleb(offset)],
  i32Load8: (offset = 0) => [0x2d, 0, ...uleb(offset)],
  i32Store: (offset = 0) => [0x36, 2, ...uleb(offset)],
  i64Store: (offset = 0) => [0x37, 3, ...uleb(offset)],
  i32Store8: (offset = 0) => [0x3a, 0, ...uleb(offset)],
  f32Store: (offset = 0) => [0x38, 2, ...uleb(offset)],
  f64Store: (offset = 0) => [0x39, 3, ...uleb(offset)],
  memorySize: [0x3f, 0],
  memoryGrow: [0x40, 0],
  i32: (value: number) => [0x41, ...sleb(BigInt(value))],
  i64: (value: bigint) => [0x42, ...sleb(value)],
  f32: (value: number) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  f64: (value: number) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  i32Eqz: [0x45],
  i32Eq: [0x46],
  i32Ne: [0x47],
  i32LtU: [0x49],
  i32Add: [0x6a],
  i32Sub: [0x6b],
  i32Mul: [0x6c],
  memoryFill: [0xfc, 11, 0],
  memoryCopy: [0xfc, 10, 0, 0],
  refNull: (heapType: number) => [0xd0, heapType],
  tableGrow: (table = 0) => [0xfc, 15, ...uleb(table)],
  tableSize: (table = 0) => [0xfc, 16, ...uleb(table)],
} as const;

/** An unsigned LEB128 number, of any size that a double holds. */
export function uleb(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return bytes;
}

/** A signed LEB128 number. */
function sleb(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40n || rest > 0x3fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) + 0x80);
  bytes.push(Number(rest & 0x7fn));
  return bytes;
}

/** A name or a list of bytes, with its length before it. */
export function text(value: string): Bytes {
  return sized([...Buffer.from(value)]);
}

function sized(bytes: Bytes): Bytes {
  return [...uleb(bytes.length), ...bytes];
}

function blockOf(opcode: number, body: readonly Bytes[]): Bytes {
  return [opcode, type.none, ...body.flat(), ...op.end];
}

function wasiType(name: string): TypePart {
  const letters = (list: string): Bytes =>
    Array.from(list, (letter) => (letter === 'i' ? type.i32 : type.i64));
  return { params: letters(wasiParams.get(name) ?? ''), results: letters(wasiResults(name)) };
}

function section(id: number, items: readonly Bytes[] | undefined): readonly Bytes[] {
  if (items === undefined) return [];
  return [rawSection(id, [...uleb(items.length), ...items.flat()])];
}

function typeBytes(part: TypePart): Bytes {
  if (isRaw(part)) return part;
  return [0x60, ...sized(part.params ?? []), ...sized(part.results ?? [])];
}

function limitsBytes({ min, max, flags }: Limits): Bytes {
  const head = [flags ?? (max === undefined ? 0 : 1), ...uleb(min)];
  return max === undefined ? head : [...head, ...uleb(max)];
}

function tableBytes(part: TablePart): Bytes {
  return [part.type ?? type.funcref, ...limitsBytes(part)];
}

function globalBytes({ type, mutable, init }: GlobalPart): Bytes {
  return [type, mutable === true ? 1 : 0, ...init, ...op.end];
}

function importBytes(part: ImportPart): Bytes {
  return [...text(part.module), ...text(part.name), ...importedBytes(part)];
}

function importedBytes(part: ImportPart): Bytes {
  if ('func' in part) return [0, ...uleb(part.func)];
  if ('table' in part) return [1, ...tableBytes(part.table)];
  if ('memory' in part) return [2, ...limitsBytes(part.memory)];
  if ('global' in part) return [3, part.global.type, part.global.mutable === true ? 1 : 0];
  return [4, 0, ...uleb(part.tag)];
}

const exportKinds = { func: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

function exportBytes({ name, kind, index }: ExportPart): Bytes {
  return [...text(name), exportKinds[kind], ...uleb(index)];
}

function functionBytes({ locals = [], code }: FunctionPart): Bytes {
  const groups = locals.map((local) => (typeof local === 'number' ? [1, local] : local));
  const declared = groups.flatMap(([count = 0, type = 0]) => [...uleb(count), type]);
  return sized([...uleb(groups.length), ...declared, ...code, ...op.end]);
}

function elementsBytes(part: ElementsPart): Bytes {
  if (isRaw(part)) return part;
  const functions = part.functions.flatMap((index) => uleb(index));
  return [0, ...part.offset, ...op.end, ...uleb(part.functions.length), ...functions];
}

function dataBytes({ offset, bytes }: DataPart): Bytes {
  const contents = sized([...Buffer.from(bytes)]);
  return offset === undefined ? [1, ...contents] : [0, ...offset, ...op.end, ...contents];
}

function isRaw(part: object): part is Bytes {
  return Array.isArray(part);
}
