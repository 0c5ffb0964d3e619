/**
 * Why a module is refused, thrown by whatever part of the gate sees it and caught by the gate
 * itself: a module that is no good is a value to everybody else.
 */

import type { Failure, FailureKind } from '../model/replica.ts';

export class WasmRefusal extends Error {
  readonly failure: Failure;

  constructor(kind: FailureKind, detail: string) {
    super(detail);
    this.failure = { kind, detail };
  }
}

/** Parts of WebAssembly that no volunteer runs, each with the reason or the way around it. */
const forbiddenFeatures = {
  threads:
    'shared memory and threads, whose results depend on timing: build it without threads ' +
    '(for wasm32-wasi, not wasm32-wasi-threads; without -pthread and -matomics)',
  relaxedSimd:
    'relaxed SIMD, whose results depend on the CPU: build it without it (-mno-relaxed-simd)',
  memory64: '64-bit memory: build it for wasm32',
  multiMemory: 'more than one memory: build it with one',
  pageSize: 'a custom page size: build it with pages of 64 KiB',
  exceptions:
    'WebAssembly exceptions, whose encoding still differs between compilers: ' +
    'build it without -fwasm-exceptions',
  tailCalls:
    'tail calls, out of which a program that runs too long can not be stopped: ' +
    'build it without them (-mno-tail-call)',
  gc:
    'garbage-collected types or typed function references: build it with a compiler that brings ' +
    'its own memory management',
  stackSwitching: 'stack switching: build it without it',
} as const;

export type ForbiddenFeature = keyof typeof forbiddenFeatures;

export function forbidden(feature: ForbiddenFeature, at: number): WasmRefusal {
  const detail = `the program uses ${forbiddenFeatures[feature]} (seen at byte ${at})`;
  return new WasmRefusal('forbidden-import', detail);
}

export function malformed(what: string, at: number): WasmRefusal {
  return new WasmRefusal('threw', `not a valid WebAssembly module: ${what} at byte ${at}`);
}

/** V8 would take too much memory or time to compile it. */
export function tooCostly(why: string, at: number): WasmRefusal {
  const advice = 'build it with optimisation, or split its largest functions';
  const detail = `the program costs too much to compile: ${why} (at byte ${at}); ${advice}`;
  return new WasmRefusal('out-of-memory', detail);
}
