/**
 * How large the parts of a module may be. Those of V8 are the ones that it would refuse a module
 * for anyway (`src/wasm/wasm-limits.h`); knowing them, the gate never makes or walks more.
 */

export const wasmLimits = {
  /** V8's. */
  typesMax: 1_000_000,
  /** V8's, of parameters and of results. */
  typeValuesMax: 1000,
  /** A program imports each of WASI's 46 functions once, or some twice after careless linking. */
  importsMax: 1000,
  /** V8's. */
  functionsMax: 1_000_000,
  /**
   * V8 allows 7,654,321, and took over a gigabyte of memory to compile such a one (measured, V8
   * 14): this is a seventh of it, and took 180 MB. CPython's largest has 106 KB.
   */
  functionBytesMax: 1024 * 1024,
  /** V8's, parameters included. */
  functionLocalsMax: 50_000,
  /**
   * Copies of values that V8's compilers keep, see `wasm-code.ts`, of one function. A slot took 6
   * to 19 bytes (measured, V8 14), so up to 95 MB; CPython's largest function has 190,000.
   */
  functionSlotsMax: 5_000_000,
  /** Checking 10 million took V8 a quarter of a second; CPython has 2 million. */
  moduleSlotsMax: 100_000_000,
  /** A switch nests a block for each of its cases, of which V8 allows as many. */
  nestingMax: 65_520,
  /** V8's. */
  branchTargetsMax: 65_520,
  /** V8 allows 100,000, but compilers make one or two; each has a share of `elementsMax`. */
  tablesMax: 16,
  /**
   * Elements of all tables together, grown or not, and of all element segments. V8 took 28
   * bytes for one that is null and 73 for a function (measured, V8 14), so up to 73 MB; CPython has
   * 6000.
   */
  elementsMax: 1_000_000,
  /** V8's. */
  globalsMax: 1_000_000,
  /** V8's. */
  exportsMax: 100_000,
  /** V8's, of element segments and of data segments. */
  segmentsMax: 100_000,
  /** V8's. */
  nameBytesMax: 100_000,
} as const;

export const wasmPageBytes = 64 * 1024;

/** All that 32-bit addresses reach: 4 GiB. */
export const wasmPagesMax = 65_536;
