/**
 * The first wall: ways out of a compartment to objects of the host. Each attack returns what it got
 * hold of, so that one that gets through is seen.
 *
 * Most are known from other sandboxes of JavaScript, which fell to them one after the other.
 */

import { afterAll, describe, expect, test } from 'vitest';

import { builtSandbox } from '../../support/built-path.ts';
import { attackLimits, attacked, failure, refused, script } from '../../support/attack.ts';

const sandbox = builtSandbox({ slots: 1, limits: attackLimits });

afterAll(async () => sandbox.close());

const noConstructor = 'TypeError: Function.prototype.constructor is not a valid constructor.';

describe('no function leads to a constructor of functions', () => {
  test.each([
    ['an arrow', '() => {}'],
    ['a method', '({ method() {} }).method'],
    ['a class', 'class {}'],
    ['a method of a class', '(class { static method() {} }).method'],
    ['a bound function', '(function () {}).bind(null)'],
    ['a getter', `Object.getOwnPropertyDescriptor({ get a() { return 1; } }, 'a').get`],
    ['an async function', 'async () => {}'],
    ['a generator', 'function* () {}'],
    ['an async generator', 'async function* () {}'],
    ['a proxy', 'new Proxy(() => {}, {})'],
    ['a function of the host', 'console.log'],
    ['a function that the host froze', 'harden'],
    ['a method of a prototype', '[].map'],
    ['a getter of a prototype', `Object.getOwnPropertyDescriptor(Map.prototype, 'size').get`],
    ['a getter of an error', `Object.getOwnPropertyDescriptor(new Error(), 'stack').get`],
    ['an iterator', '[].values().next'],
    [
      'the constructor of an error that the host threw',
      `(() => {
      let caught = () => {};
      const deeper = () => { try { harden({}); deeper(); } catch (error) { caught = error; } };
      deeper();
      return caught.constructor;
    })()`,
    ],
  ])('not %s', async (_what, expression) => {
    const harm = `return (${expression}).constructor('return process')();`;
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', noConstructor));
  });

  test('nor what resolves a promise, which the host hands to every thenable', async () => {
    const harm = `return {
      then(resolve, reject) { reject(resolve.constructor('return process')()); },
    };`;
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', noConstructor));
  });

  test.each([
    ['Function', `Function('return typeof process + typeof require')()`],
    ['new Function', `new Function('return typeof process + typeof require')()`],
    ['eval', `eval('typeof process + typeof require')`],
    ['eval by another name', `(0, eval)('typeof process + typeof require')`],
    [
      'Reflect.construct',
      `Reflect.construct(Function, ['return typeof process + typeof require'])()`,
    ],
    [
      'Function with the prototype of another kind',
      `Reflect.construct(
        Function,
        ['return typeof process + typeof require'],
        (async () => {}).constructor,
      )()`,
    ],
  ])('what %s makes sees no more than the program does', async (_what, expression) => {
    expect(await attacked(sandbox, script(`return ${expression};`))).toEqual('undefinedundefined');
  });
});

describe('code that is no program is refused, and so is code that it makes', () => {
  const rejectedImport = /^SyntaxError: Possible import expression rejected/;
  const rejectedComment = /^SyntaxError: Possible HTML comment rejected/;
  // Put together, so that it is the evaluator inside that sees it.
  test.each([
    ['import()', `'imp' + 'ort("node:fs")'`, rejectedImport],
    ['import() with a comment', `'imp' + 'ort/**/("node:fs")'`, rejectedImport],
    ['import() on two lines', `'imp' + 'ort\\n("node:fs")'`, rejectedImport],
    ['import() after a comment to the line', `'imp' + 'ort//\\n("node:fs")'`, rejectedImport],
    ['import() within a template', `'\`\${imp' + 'ort("node:fs")}\`'`, rejectedImport],
    ['import() with an escape', `'imp\\\\u006frt("node:fs")'`, /^SyntaxError: Keyword must not/],
    ['import.meta', `'imp' + 'ort.meta'`, /^SyntaxError: Cannot use 'import.meta'/],
    ['import.source()', `'imp' + 'ort.source("node:fs")'`, /^SyntaxError/],
    ['import.defer()', `'imp' + 'ort.defer("node:fs")'`, /^SyntaxError/],
    ['an import declaration', `'imp' + 'ort fs from "node:fs"'`, /^SyntaxError: Cannot use import/],
    ['an HTML comment', `'<!' + '-- \\n 1'`, rejectedComment],
    ['the end of an HTML comment', `'\\n--' + '> \\n 1'`, rejectedComment],
    ['with', `'with (globalThis) { process }'`, /^SyntaxError: Strict mode code may not/],
    ['delete of a name', `'delete eval'`, /^SyntaxError: Delete of an unqualified identifier/],
    ['super', `'super.constructor'`, /^SyntaxError: 'super' keyword unexpected/],
    ['await', `'await 1'`, /^SyntaxError: await is only valid/],
    ['an octal number', `'010'`, /^SyntaxError: Octal literals/],
  ])('%s', async (_what, code, detail) => {
    expect(await attacked(sandbox, script(`return eval(${code});`))).toEqual(
      failure('threw', detail),
    );
  });

  test.each([
    ['a comment that stays open', `Function('/*', '*/){ return process; }, function (')`],
    ['parameters that end early', `Function('a) { return process; } //', '')`],
    ['a body that ends early', `Function('}, (() => process)(), function () {')`],
    ['a body that ends early in an arrow', `Function('} , process => {')`],
  ])('%s', async (_what, code) => {
    expect(await attacked(sandbox, script(`return ${code};`))).toEqual(
      failure('threw', /^SyntaxError: /),
    );
  });

  test.each([
    ['import()', 'const leaked = import("node:fs");', rejectedImport],
    ['an HTML comment', 'const none = 1; <!-- a comment', rejectedComment],
    ['no object', 'return 1;', /^TypeError: a job program must evaluate to an object/],
    ['code after its end', '} })(); ((process) => { {', /^SyntaxError|must evaluate/],
  ])('a program with %s', async (_what, top, detail) => {
    expect(await refused(sandbox, script('', top))).toEqual(failure('threw', detail));
  });
});

describe('nothing that all programs share can be changed', () => {
  test.each([
    ['a prototype', 'Object.prototype.polluted = 1;'],
    ['a prototype, by its accessor', '({}).__proto__.polluted = 1;'],
    ['a prototype, by an old method', `({}).__defineGetter__.call(Array.prototype, '0', () => 1);`],
    ['a prototype of a prototype', 'Object.setPrototypeOf(Array.prototype, {});'],
    ['the prototype of iterators', 'Object.getPrototypeOf([].values()).next = () => 1;'],
    ['the prototype of generators', `Object.getPrototypeOf(function* () {}).prototype.next = 1;`],
    ['the prototype of async functions', 'Object.getPrototypeOf(async () => {}).mine = 1;'],
    ['the then of promises', 'Promise.prototype.then = (resolve) => resolve(1);'],
    ['the resolve of promises', 'Promise.resolve = () => 1;'],
    ['a species', 'Object.defineProperty(Array, Symbol.species, { value: Object });'],
    ['a well-known symbol of a prototype', 'RegExp.prototype[Symbol.replace] = () => 1;'],
    ['the exec of regular expressions', 'RegExp.prototype.exec = () => null;'],
    ['the console', 'console.log = () => 1;'],
    ['a method of the console', 'console.log.mine = 1;'],
    ['the global object', 'globalThis.mine = 1;'],
    ['the scope, by what hides names of it', 'globalThis[Symbol.unscopables] = { eval: true };'],
    ['the prototype of the global object', 'Object.setPrototypeOf(globalThis, { process: 1 });'],
    ['a global', `Object.defineProperty(globalThis, 'eval', { value: 1 });`],
    ['a getter of errors', `Object.getOwnPropertyDescriptor(new Error(), 'stack').get.mine = 1;`],
    ['what the host froze, through harden', 'harden.mine = 1;'],
  ])('not %s', async (_what, harm) => {
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', /^TypeError: /));
  });
});

describe('nothing tells of the host', () => {
  test.each([
    ['the stack of an error', 'return new Error("mine").stack;', ''],
    ['the stack of an error of the engine', 'try { null.x; } catch (e) { return e.stack; }', ''],
    ['a stack that it captures', 'const o = {}; Error.captureStackTrace(o); return o.stack;', ''],
    ['more of a stack', 'Error.stackTraceLimit = 99; return new Error().stack;', ''],
    [
      'frames of a stack',
      `let frames = [];
      Error.prepareStackTrace = (error, all) => { frames = all; return ''; };
      new Error().stack;
      return frames.length;`,
      0,
    ],
    [
      'a stack where the host encodes',
      'return { get a() { return new Error().stack; } };',
      { a: '' },
    ],
    [
      'a stack where the host shows',
      `let seen;
      console.log({ get [Symbol.toStringTag]() { seen = new Error().stack; return 'x'; } });
      return seen;`,
      '',
    ],
    ['who called', 'function f() { return typeof f.caller; } return f();', 'undefined'],
    ['this of a function', 'return (function () { return typeof this; })();', 'undefined'],
    ['this of made code', `return Function('return typeof this')();`, 'undefined'],
    [
      'names around its code',
      'return typeof evalScope + typeof task + typeof lockdown;',
      'undefined'.repeat(3),
    ],
    ['a variable around direct eval', 'const mine = 1; return eval("typeof mine");', 'undefined'],
    [
      'a source map that names a file',
      'return eval("1\\n//# sourceMappingURL=file:///etc/passwd");',
      1,
    ],
    [
      'realms, threads, clocks and collectors',
      `return [typeof ShadowRealm, typeof Worker, typeof Atomics, typeof SharedArrayBuffer,
        typeof WebAssembly, typeof WeakRef, typeof FinalizationRegistry, typeof structuredClone,
        typeof setTimeout, typeof performance, typeof gc, typeof Compartment,
      ].every((type) => type === 'undefined');`,
      true,
    ],
    [
      'last matches',
      `/secret/.test('secret'); return [RegExp.$1, RegExp.input, RegExp.lastMatch].join('');`,
      '',
    ],
    [
      'the locale',
      `const date = new Date(0).toLocaleString();
      return ['a'.localeCompare('b'), (1e6).toLocaleString(), date].join();`,
      '-1,1000000,Thu, 01 Jan 1970 00:00:00 GMT',
    ],
    [
      'the text of functions of the host',
      `const texts = [console.log, Date, Date.parse, Date.prototype.toString, harden, eval]
        .map((f) => Function.prototype.toString.call(f));
      return texts.every((text) => /^function [^]*\\[native code\\] }$/.test(text));`,
      true,
    ],
  ])('not %s', async (_what, harm, value) => {
    expect(await attacked(sandbox, script(harm))).toEqual(value);
  });

  test('not who calls, by way of the arguments', async () => {
    const harm = 'return (function () { return arguments.callee.caller; })();';
    const detail = /^TypeError: 'caller', 'callee', and 'arguments' properties may not/;
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', detail));
  });

  test('and everything within reach is frozen', async () => {
    const harm = `
      const seen = new Set();
      const loose = [];
      const look = (value, path) => {
        if (Object(value) !== value || seen.has(value)) return;
        seen.add(value);
        if (!Object.isFrozen(value)) loose.push(path);
        look(Object.getPrototypeOf(value), path + '.__proto__');
        for (const key of Reflect.ownKeys(value)) {
          const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key);
          for (const next of [held, get, set]) look(next, path + '.' + String(key));
        }
      };
      look(globalThis, 'globalThis');
      const kinds = [function* () {}, async () => {}, async function* () {}, [].values(),
        new Map().values(), new Set().values(), ''.matchAll(/a/g), ''[Symbol.iterator](),
        [].values().map(String), new Uint8Array(), new Error()];
      for (const kind of kinds) look(Object.getPrototypeOf(kind), 'kind ' + kinds.indexOf(kind));
      const stack = Object.getOwnPropertyDescriptor(new Error(), 'stack');
      look(stack.get, 'get stack');
      look(stack.set, 'set stack');
      return seen.size > 900 ? loose : 'too little seen';`;
    expect(await attacked(sandbox, script(harm))).toEqual([]);
  });
});

describe('what the host calls back', () => {
  test.each([
    [
      'twice and more',
      '{ then(resolve, reject) { resolve(1); resolve(2); reject(3); throw 4; } }',
      1,
    ],
    ['with a thenable', '{ then(resolve) { resolve({ then(again) { again(2); } }); } }', 2],
    [
      'with a promise that is itself',
      `(() => {
        const itself = Promise.resolve().then(() => itself);
        return itself.catch(() => 3);
      })()`,
      3,
    ],
  ])('takes one answer: %s', async (_how, expression, value) => {
    expect(await attacked(sandbox, script(`return ${expression};`))).toEqual(value);
  });

  test('takes no promise that only looks like one', async () => {
    const harm = 'return new Proxy(Promise.resolve(5), {});';
    const detail = /^TypeError: Method Promise\.prototype\.then called on incompatible receiver/;
    expect(await attacked(sandbox, script(harm))).toEqual(failure('threw', detail));
  });
});
