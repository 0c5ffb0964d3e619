/**
 * The first wall. Importing this locks the thread's realm down: its intrinsics are frozen and tamed
 * by SES, and what programs get is a compartment whose globals are frozen too. No clock, no
 * entropy, no host object; a `console` is endowed, and arrays of floats.
 *
 * A program is evaluated afresh for each use in the compartment that it has on this thread. Nothing
 * in a compartment can change, so no chunk can leave anything behind for the next, and an
 * evaluation costs microseconds where a compartment costs many times that.
 */

// Before SES, which builds upon the Date it finds.
import './utc-date.ts';
import 'ses';

import { setFlagsFromString } from 'node:v8';

import { type ScriptFunction, scriptFunctions } from '../model/program.ts';
import { isFunction, isRecord, type JobFunction } from './shapes.ts';

lockdown({
  // Stacks would show paths of this machine.
  errorTaming: 'safe',
  localeTaming: 'safe',
  // So that programs may assign properties called "constructor" or "toString" as they do elsewhere.
  overrideTaming: 'severe',
  // The thread's own console and process events stay as they are: no program can reach them.
  consoleTaming: 'unsafe',
  errorTrapping: 'none',
  unhandledRejectionTrapping: 'none',
  reporting: 'none',
});

// What SES 2.3 doesn't know of yet. `import.source()` and `import.defer()` are dynamic imports, and
// SES looks in a program's text for their older form only: V8's parser shall not know them.
setFlagsFromString('--no-js-source-phase-imports');
setFlagsFromString('--no-js-defer-import-eval');
// A `using` that fails twice throws a SuppressedError, found by no name: it would lead a program to
// the realm's own Error and to stacks.
Reflect.deleteProperty(SuppressedError.prototype, 'constructor');
harden(SuppressedError.prototype);

// A program may drop a promise that rejects; that is no reason for its thread to die.
process.on('unhandledRejection', () => {});

// Taken before the thread is stripped of them.
const SesCompartment = Compartment;
export const hardened = harden;

/**
 * SES leaves these out, as through them a program sees which bits a NaN has, and processors differ
 * in that. Number crunching is what the grid is for, so they are given; a program that hands out
 * the raw bytes of a NaN is as unlike itself on another machine as one that trusts in Math.sin.
 */
const floatArrays = { Float32Array, Float64Array };

export class Program {
  readonly #console: object;
  readonly #source: string;
  #compartment: Compartment;

  /** @param console endowed to the program; hardened here */
  constructor(source: Uint8Array, console: object) {
    this.#console = hardened(console);
    this.#source = new TextDecoder().decode(source);
    this.#compartment = newCompartment(this.#console);
  }

  /** @throws whatever the program's top level throws, and SyntaxError */
  evaluate(): { readonly [name: string]: unknown } {
    const completion = this.#completion();
    if (isRecord(completion)) return completion;
    throw new TypeError('a job program must evaluate to an object with its functions');
  }

  #completion(): unknown {
    try {
      return evaluated(this.#compartment, this.#source);
    } catch (error) {
      if (works(this.#compartment)) throw error;
      this.#compartment = newCompartment(this.#console);
      return evaluated(this.#compartment, this.#source);
    }
  }

  /** The function that a job exports by this name. @throws as `evaluate`, or if there is none */
  exported(name: string): JobFunction {
    return functionOf(this.evaluate(), name);
  }

  /**
   * Evaluates the program to see that it exports these.
   * @returns what it exports of all that jobs use
   * @throws as `exported` does, and for what has such a name and is no function
   */
  check(functions: readonly ScriptFunction[]): readonly ScriptFunction[] {
    const exported = this.evaluate();
    const exports = scriptFunctions.filter(
      (name) => functions.includes(name) || exported[name] !== undefined,
    );
    for (const name of exports) functionOf(exported, name);
    return exports;
  }
}

function newCompartment(console: object): Compartment {
  const compartment = new SesCompartment({
    globals: { console, ...floatArrays },
    __options__: true,
  });
  const programGlobal: object = compartment.globalThis;
  // A program has no use for making realms of its own; the less there is, the less can be wrong.
  Reflect.deleteProperty(programGlobal, 'Compartment');
  Reflect.deleteProperty(programGlobal, 'lockdown');
  // Frozen before the first evaluation, SES makes constants of the globals, as fast as in plain V8.
  hardened(programGlobal);
  return compartment;
}

function evaluated(compartment: Compartment, source: string): unknown {
  return compartment.evaluate(source, { __rejectSomeDirectEvalExpressions__: false });
}

/**
 * The one thing in a compartment that a program can change is its evaluator: SES shuts it for good
 * when the stack ends within it, as in `eval` at the end of a deep recursion. The next chunk must
 * not find it so.
 */
function works(compartment: Compartment): boolean {
  try {
    compartment.evaluate('0');
    return true;
  } catch {
    return false;
  }
}

function functionOf(exported: { readonly [name: string]: unknown }, name: string): JobFunction {
  const value = exported[name];
  if (isFunction(value)) return value;
  const found = value === undefined ? 'nothing' : `a ${typeof value}`;
  throw new TypeError(`a job must export a function ${name}, but this one exports ${found}`);
}
