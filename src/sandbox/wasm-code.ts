/**
 * Walks the code of functions, from instruction to instruction, and counts what compiling it costs.
 *
 * The cost: V8's compilers copy all locals and all operands at each branch and block, and check the
 * parameters and results of each call one by one. So a module of 20 KB can make them fill
 * gigabytes, which ends not a thread but the whole process. What they copy is counted here, in
 * *slots*, and bounded. For that, the height of the operand stack is followed, and nothing more:
 * whether types fit is for V8, which reads the same instructions.
 */

import { form, plainForms, readInstruction } from './wasm-instructions.ts';
import { wasmLimits } from './wasm-limits.ts';
import type { WasmReader } from './wasm-reader.ts';
import { malformed, tooCostly } from './wasm-refusal.ts';

/** What the code of a module refers to. */
export type Signatures = {
  /** How many of each a type has. */
  readonly params: Uint16Array;
  readonly results: Uint16Array;
  /** The type of each function, imported ones first. */
  readonly functions: Uint32Array;
};

/** Opcodes of `form.control`. */
const control = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
} as const;

const noType = 0x40;

/** Walks the functions of one module, one after the other. */
export class CodeWalker {
  readonly #reader: WasmReader;
  readonly #signatures: Signatures;
  /** Of each open block of the present function: the operands below it, what it takes and gives. */
  readonly #bases = new Int32Array(wasmLimits.nestingMax);
  readonly #params = new Uint16Array(wasmLimits.nestingMax);
  readonly #results = new Uint16Array(wasmLimits.nestingMax);
  #depth = 0;
  /** Operands on the stack. In code that is never reached it is the least that there may be. */
  #height = 0;
  /** Locals of the present function, parameters included. */
  #locals = 0;
  /** The most values that a branch in the present function may carry. */
  #carried = 0;
  #functionSlots = 0;
  #moduleSlots = 0;

  constructor(reader: WasmReader, signatures: Signatures) {
    this.#reader = reader;
    this.#signatures = signatures;
  }

  /**
   * Reads a function's body, from its locals to its end.
   * @param index among all functions
   */
  walkBody(index: number): void {
    const reader = this.#reader;
    const start = reader.at;
    const type = this.#signatures.functions[index] ?? 0;
    this.#height = 0;
    this.#depth = 0;
    this.#carried = 0;
    this.#open(0, this.#signatures.results[type] ?? 0);
    this.#readLocals(index, this.#signatures.params[type] ?? 0);
    this.#functionSlots = this.#locals;
    while (reader.at < reader.end) {
      if (this.#depth === 0) throw malformed('code after the end of a function', reader.at);
      const opcode = reader.u8();
      if (plainForms[opcode] === form.control) this.#readControl(opcode);
      else this.#change(readInstruction(reader, opcode));
    }
    if (this.#depth > 0) throw malformed('a function without its end', reader.at);
    this.#moduleSlots += this.#functionSlots;
    if (this.#functionSlots > wasmLimits.functionSlotsMax) {
      throw tooCostly(`function ${index} has too many values at its branches and calls`, start);
    }
    if (this.#moduleSlots > wasmLimits.moduleSlotsMax) {
      throw tooCostly('its functions have too many values at their branches and calls', start);
    }
  }

  #readLocals(index: number, params: number): void {
    const reader = this.#reader;
    const at = reader.at;
    this.#locals = params;
    const groups = reader.count('groups of locals', wasmLimits.functionLocalsMax, 2);
    for (let group = 0; group < groups; group += 1) {
      this.#locals += reader.u32();
      if (this.#locals > wasmLimits.functionLocalsMax) {
        const { functionLocalsMax } = wasmLimits;
        throw tooCostly(`function ${index} has more than ${functionLocalsMax} locals`, at);
      }
      reader.valueType();
    }
  }

  #readControl(opcode: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case control.block:
      case control.loop:
        this.#readBlockType();
        break;
      case control.if:
        this.#change(-1);
        this.#readBlockType();
        break;
      case control.else:
        this.#branch();
        this.#height = this.#base() + (this.#params[this.#depth - 1] ?? 0);
        break;
      case control.end:
        this.#depth -= 1;
        this.#height = (this.#bases[this.#depth] ?? 0) + (this.#results[this.#depth] ?? 0);
        break;
      case control.brIf:
        reader.u32();
        this.#change(-1);
        this.#branch();
        break;
      case control.call:
        this.#call(this.#typeOf(reader.u32()));
        break;
      case control.callIndirect:
        this.#callIndirect();
        break;
      default:
        this.#leave(opcode);
    }
  }

  /** After these, what follows up to the block's end is never reached. */
  #leave(opcode: number): void {
    const reader = this.#reader;
    if (opcode === control.br) reader.u32();
    else if (opcode === control.brTable) this.#skipTargets();
    if (opcode !== control.unreachable) this.#branch();
    this.#height = this.#base();
  }

  /** After a block's opcode: nothing, a type, or the index of a function's type. */
  #readBlockType(): void {
    const reader = this.#reader;
    const at = reader.at;
    const byte = reader.u8();
    if (byte === noType) {
      this.#open(0, 0);
      return;
    }
    reader.at = at;
    if (byte > noType && byte < 0x80) {
      reader.valueType();
      this.#open(0, 1);
      return;
    }
    // A signed number of 33 bits that must be positive: its last byte has no sign.
    const type = reader.u32();
    const last = reader.bytes[reader.at - 1] ?? 0;
    if ((last & 0x40) !== 0) throw malformed('a negative index of a type', at);
    this.#open(this.#paramsOf(type), this.#signatures.results[type] ?? 0);
  }

  #open(params: number, results: number): void {
    if (this.#depth === wasmLimits.nestingMax) {
      throw tooCostly(`it nests more than ${wasmLimits.nestingMax} blocks`, this.#reader.at);
    }
    this.#carried = Math.max(this.#carried, params, results);
    this.#functionSlots += params + results;
    this.#branch();
    const base = this.#depth === 0 ? 0 : Math.max(this.#height - params, this.#base());
    this.#bases[this.#depth] = base;
    this.#params[this.#depth] = params;
    this.#results[this.#depth] = results;
    this.#depth += 1;
    this.#height = base + params;
  }

  #callIndirect(): void {
    const type = this.#reader.u32();
    this.#reader.u32();
    this.#change(-1);
    this.#call(type);
  }

  #call(type: number): void {
    const params = this.#paramsOf(type);
    const results = this.#signatures.results[type] ?? 0;
    this.#functionSlots += params + results;
    this.#change(-params);
    this.#change(results);
  }

  #skipTargets(): void {
    const targets = this.#reader.count('targets of a branch', wasmLimits.branchTargetsMax, 1);
    for (let target = 0; target <= targets; target += 1) this.#reader.u32();
    this.#functionSlots += targets * this.#carried;
  }

  /** Everything is copied: for the code at the target, or for that after the branch. */
  #branch(): void {
    this.#functionSlots += this.#locals + this.#height + this.#carried;
  }

  #change(operands: number): void {
    this.#height = Math.max(this.#height + operands, this.#base());
  }

  #base(): number {
    return this.#bases[this.#depth - 1] ?? 0;
  }

  #typeOf(index: number): number {
    const type = this.#signatures.functions[index];
    if (type === undefined) throw malformed(`the unknown function ${index}`, this.#reader.at);
    return type;
  }

  #paramsOf(type: number): number {
    const params = this.#signatures.params[type];
    if (params === undefined) throw malformed(`the unknown type ${type}`, this.#reader.at);
    return params;
  }
}
