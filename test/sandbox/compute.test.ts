import { afterAll, describe, expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { ThreadSandbox } from '../../src/sandbox/thread-sandbox.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../src/wire/digest.ts';
import {
  batchOf,
  computeAll,
  generousLimits,
  inThreads,
  loadProgram,
  programText,
  scriptOf,
  shown,
  threadOptions,
} from '../support/job-runner.ts';

const MiB = 1024 * 1024;
const threads = new ThreadSandbox({
  ...threadOptions,
  limits: { ...generousLimits, memoryBytesMax: 64 * MiB },
});
const sandbox = inThreads(threads);

afterAll(async () => threads.close());

/** Chunk 2 of 5 does harm; the others answer with ten times their number. */
function harmIn2(harm: string): string {
  return `function compute(n) { if (n === 2) { ${harm} } return 10 * n; }`;
}

const inputs = [0, 1, 2, 3, 4];

describe('a chunk that computes', () => {
  test('gives canonical CBOR, its digest and the time it took', async () => {
    const program = await loadProgram(sandbox, 'function compute(n) { return { b: n, a: [n] }; }');
    const [first] = await sandbox.run(batchOf(program, [7]));
    const value = encodeCanonical({ a: [7], b: 7 });
    expect(first?.outcome).toEqual({ type: 'result', digest: digestOf(value), value });
    expect(first?.computeMs).toBeGreaterThan(0);
  });

  test('may answer with a promise, or with anything that has a then', async () => {
    const body = `async function compute(n) {
      if (n === 1) return { then: (resolve) => resolve('thenable') };
      for (let turn = 0; turn < 1000; turn += 1) await null;
      return 'promise';
    }`;
    expect(await computeAll(sandbox, body, [0, 1])).toEqual(['promise', 'thenable']);
  });

  test('gets and gives every value that CBOR carries', async () => {
    const values = [
      null,
      true,
      -1,
      0.1,
      2n ** 60n,
      'ü\u{1f600}',
      new Uint8Array([1, 2]),
      [],
      { constructor: 1, ['__proto__']: 2, toString: [{}] },
    ];
    expect(await computeAll(sandbox, 'function compute(x) { return x; }', values)).toEqual(values);
  });

  test('computes with arrays of floats', async () => {
    const body = 'function compute(n) { return [...new Float64Array([n, 0.5]), Math.fround(n)]; }';
    expect(await computeAll(sandbox, body, [1])).toEqual([[1, 0.5, 1]]);
  });

  test('comes back in its place from a batch of a thousand', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => n);
    const squares = many.map((n) => n * n);
    expect(await computeAll(sandbox, 'function compute(n) { return n * n; }', many)).toEqual(
      squares,
    );
  });
});

describe('a chunk that fails', () => {
  test('by running too long is the only one of its batch that does', async () => {
    const outcomes = await computeAll(sandbox, harmIn2('for (;;) {}'), inputs, { wallMsMax: 1000 });
    const failure = { kind: 'timed-out', detail: 'the chunk ran longer than 1000 ms' };
    expect(outcomes).toEqual([0, 10, failure, 30, 40]);
  });

  test('leaves the others alone even when several of them run too long', async () => {
    const body = 'function compute(n) { while (n % 2 === 1) {} return n; }';
    const outcomes = await computeAll(sandbox, body, inputs, { wallMsMax: 1000 });
    const failure = expect.objectContaining({ kind: 'timed-out' });
    expect(outcomes).toEqual([0, failure, 2, failure, 4]);
  });

  test('by looping in a promise job is the one that times out', async () => {
    const harm = 'return Promise.resolve().then(() => { for (;;) {} });';
    const outcomes = await computeAll(sandbox, harmIn2(harm), inputs, { wallMsMax: 1000 });
    expect(outcomes).toEqual([0, 10, expect.objectContaining({ kind: 'timed-out' }), 30, 40]);
  });

  test('by a promise that never settles times out at once and costs no thread', async () => {
    const outcomes = await computeAll(sandbox, harmIn2('return new Promise(() => {});'), inputs);
    const detail = expect.stringContaining('never settles');
    expect(outcomes).toEqual([0, 10, { kind: 'timed-out', detail }, 30, 40]);
  });

  test('by filling the heap is the only one of its batch that does', async () => {
    const harm = 'const all = []; for (;;) all.push({ all });';
    const failure = {
      kind: 'out-of-memory',
      detail: 'the chunk needed more than 64 MiB of memory',
    };
    expect(await computeAll(sandbox, harmIn2(harm), inputs)).toEqual([0, 10, failure, 30, 40]);
  });

  test('by filling memory outside of the heap is stopped too', async () => {
    // It stops by itself far above the limit, so that a test that fails takes no machine down.
    const harm = `const all = [];
      while (all.length < 100) all.push(new Uint8Array(${4 * MiB}).fill(1));
      for (;;) all[0][0] += 1;`;
    const failure = expect.objectContaining({ kind: 'out-of-memory' });
    expect(await computeAll(sandbox, harmIn2(harm), inputs)).toEqual([0, 10, failure, 30, 40]);
  });

  test('by filling memory in the heap and outside of it, neither too much by itself', async () => {
    const harm = `const heap = [];
      for (let n = 0; n < 5e6; n += 1) heap.push(n + 0.5);
      const outside = new Uint8Array(${160 * MiB}).fill(1);
      for (;;) outside[0] += heap.length;`;
    const failure = expect.objectContaining({ kind: 'out-of-memory' });
    expect(await computeAll(sandbox, harmIn2(harm), inputs)).toEqual([0, 10, failure, 30, 40]);
  });

  test('by throwing says what, without a stack', async () => {
    const outcomes = await computeAll(sandbox, harmIn2('null.x;'), inputs);
    const detail = "TypeError: Cannot read properties of null (reading 'x')";
    expect(outcomes).toEqual([0, 10, { kind: 'threw', detail }, 30, 40]);
  });

  test('by throwing something else than an error says what', async () => {
    const outcomes = await computeAll(sandbox, 'function compute(x) { throw x; }', ['no luck']);
    expect(outcomes).toEqual([{ kind: 'threw', detail: 'threw no luck' }]);
  });

  test('by throwing what throws again when looked at is reported all the same', async () => {
    const body = `function compute() {
      throw { toString() { throw 1; } };
    }`;
    const detail = 'threw something that cannot be shown';
    expect(await computeAll(sandbox, body, [0])).toEqual([{ kind: 'threw', detail }]);
  });

  test('by deep recursion throws', async () => {
    const body = 'function compute(n) { return 1 + compute(n + 1); }';
    const failure = { kind: 'threw', detail: 'RangeError: Maximum call stack size exceeded' };
    expect(await computeAll(sandbox, body, [0])).toEqual([failure]);
  });

  test('is reported with what it wrote to its console', async () => {
    const body = `function compute(n) {
      console.log('n is', n, { deep: [1n] });
      console.error('about to fail');
      throw new RangeError('no ' + n);
    }`;
    const detail = 'RangeError: no 5\nIt wrote: n is 5 { deep: [ 1n ] }\nabout to fail';
    expect(await computeAll(sandbox, body, [5])).toEqual([{ kind: 'threw', detail }]);
  });

  test('is not reported with what another chunk wrote', async () => {
    const body = `function compute(n) {
      console.log('this is', n);
      if (n === 1) throw new Error('one');
      return n;
    }`;
    const detail = 'Error: one\nIt wrote: this is 1';
    expect(await computeAll(sandbox, body, [0, 1])).toEqual([0, { kind: 'threw', detail }]);
  });

  test('is reported within bounds, whatever it throws and writes', async () => {
    const body = `function compute() {
      for (let line = 0; line < 10000; line += 1) console.log('line ' + line + 'x'.repeat(100));
      throw new Error('e'.repeat(1e6));
    }`;
    const [outcome] = await computeAll(sandbox, body, [0]);
    const detail = expect.stringMatching(/^Error: e+\nIt wrote: \.\.\..*line 9999x+$/s);
    expect(outcome).toEqual({ kind: 'threw', detail });
    expect(JSON.stringify(outcome).length).toBeLessThan(limits.reasonCharsMax + 100);
  });

  test('by too large a result says how large and what is allowed', async () => {
    const body = 'function compute(n) { return new Uint8Array(n); }';
    const outcomes = await computeAll(sandbox, body, [10, 1000, 90], { resultBytesMax: 100 });
    const detail = 'the result has 1003 bytes as CBOR; this job allows 100';
    expect(outcomes).toEqual([
      new Uint8Array(10),
      { kind: 'result-too-large', detail },
      new Uint8Array(90),
    ]);
  });

  test.each([
    ['undefined', 'undefined'],
    ['() => 1', 'a function'],
    ['Symbol()', 'a symbol'],
    ['new (class A {})()', 'an instance of a class'],
    ['new Map([[1, 2]])', 'a Map with other keys'],
    ['[new Set()]', 'a Set'],
    ['({ a: new Float64Array(1) })', 'a Float64Array'],
  ])('by returning %s says that CBOR can not carry it', async (value, what) => {
    const [outcome] = await computeAll(sandbox, `function compute() { return ${value}; }`, [0]);
    const detail = expect.stringContaining(`CBOR can't carry ${what}; it can carry null, booleans`);
    expect(outcome).toEqual({ kind: 'threw', detail });
  });

  test('by dropping a promise that rejects fails nothing at all', async () => {
    const body = "function compute(n) { Promise.reject(new Error('dropped')); return n; }";
    expect(await computeAll(sandbox, body, [1, 2])).toEqual([1, 2]);
  });
});

describe('the limits of a chunk', () => {
  const generous = new ThreadSandbox(threadOptions);
  afterAll(async () => generous.close());

  test("are the job's where they are smaller than the peer's", async () => {
    const body = `function compute(bytes) {
      const all = [];
      for (let made = 0; made < bytes; made += 80) all.push({ a: made, b: made + 0.5, c: [] });
      return all.length > 0;
    }`;
    const wanted = [1, 150 * MiB];
    const runner = inThreads(generous);
    expect(await computeAll(runner, body, wanted, { memoryBytesMax: 256 * MiB })).toEqual([
      true,
      true,
    ]);
    const detail = 'the chunk needed more than 64 MiB of memory';
    expect(await computeAll(runner, body, wanted, { memoryBytesMax: 64 * MiB })).toEqual([
      true,
      { kind: 'out-of-memory', detail },
    ]);
  });

  test("are the peer's where they are smaller than the job's", async () => {
    const small = new ThreadSandbox({
      ...threadOptions,
      limits: { ...generousLimits, wallMsMax: 1000, resultBytesMax: 50, stderrBytesMax: 5 },
    });
    const body = `function compute(n) {
      if (n === 1) for (;;) {}
      if (n === 2) return 'x'.repeat(100);
      console.log('said too much');
      throw new Error();
    }`;
    expect(await computeAll(inThreads(small), body, [1, 2, 3])).toEqual([
      { kind: 'timed-out', detail: 'the chunk ran longer than 1000 ms' },
      {
        kind: 'result-too-large',
        detail: 'the result has 102 bytes as CBOR; this job allows 50',
      },
      { kind: 'threw', detail: 'Error: \nIt wrote:  much' },
    ]);
    await small.close();
  });
});

describe('a sandbox', () => {
  test('stops batches, which come back as returned, and no others', async () => {
    const busyThreads = new ThreadSandbox({ ...threadOptions, slots: 2 });
    const busy = inThreads(busyThreads);
    const program = await loadProgram(busy, 'function compute(n) { while (n === 1) {} return n; }');
    const stop = new AbortController();
    const stopped = [[0, 1, 2], [1], [0]].map((inputs) =>
      busyThreads.run(batchOf(program, inputs), stop.signal),
    );
    const going = busy.run(batchOf(program, [5]));
    stop.abort();
    expect((await Promise.all(stopped)).map(shown)).toEqual([
      ['returned', 'returned', 'returned'],
      ['returned'],
      ['returned'],
    ]);
    expect(shown(await going)).toEqual([5]);
    expect(shown(await busy.run(batchOf(program, [6])))).toEqual([6]);
    await busyThreads.close();
  });

  test('returns the chunks of a program that it does not know', async () => {
    const program = scriptOf(programText('function compute() {} // never loaded')).key;
    expect(threads.has(program)).toBe(false);
    expect(shown(await sandbox.run(batchOf(program, [1, 2])))).toEqual(['returned', 'returned']);
  });

  test('returns what runs when it closes', async () => {
    const closingThreads = new ThreadSandbox(threadOptions);
    const closing = inThreads(closingThreads);
    const program = await loadProgram(closing, 'function compute() { for (;;) {} }');
    const running = closing.run(batchOf(program, [1]));
    await closingThreads.close();
    expect(shown(await running)).toEqual(['returned']);
    expect(shown(await closing.run(batchOf(program, [1])))).toEqual(['returned']);
  });

  test('runs many programs in turn, each as itself', async () => {
    const programs = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        loadProgram(sandbox, `function compute(x) { return x + ${n}; }`),
      ),
    );
    for (const round of [100, 200]) {
      const results = await Promise.all(
        programs.map(async (program) => shown(await sandbox.run(batchOf(program, [round])))),
      );
      expect(results.flat()).toEqual(programs.map((_, n) => round + n));
    }
  });

  test.each([
    ['a syntax error', 'function compute( { }', 'threw', /^SyntaxError: /],
    [
      'no compute',
      'function split() {}',
      'threw',
      /must export a function compute, but this one exports no/,
    ],
    ['a top level that throws', "throw new Error('top');", 'threw', /^Error: top$/],
    ['a top level that never ends', 'for (;;) {}', 'timed-out', /more than 5 s/],
    [
      'a top level that fills the heap',
      'const all = []; for (;;) all.push({ all });',
      'out-of-memory',
      /more than 64 MiB/,
    ],
    ['an import expression', "import('node:fs');", 'threw', /import expression/],
  ])('refuses a program with %s', async (_what, body, kind, detail) => {
    const program = scriptOf(programText(body));
    expect(await sandbox.load(program, generousLimits)).toEqual({
      kind,
      detail: expect.stringMatching(detail),
    });
    expect(threads.has(program.key)).toBe(false);
  });

  test('refuses a program that is no object', async () => {
    const program = scriptOf(new TextEncoder().encode('42'));
    expect(await sandbox.load(program, generousLimits)).toEqual({
      kind: 'threw',
      detail: expect.stringMatching(/must evaluate to an object/),
    });
  });

  test('looks at a program once, and again only when it was found wanting', async () => {
    const good = scriptOf(programText('function compute() {}'));
    const broken = { ...scriptOf(programText('function compute( {}')), key: good.key };
    const loads = [sandbox.load(broken, generousLimits), sandbox.load(good, generousLimits)];
    const [first, second] = await Promise.all(loads);
    expect([first, second]).toEqual([expect.objectContaining({ kind: 'threw' }), first]);
    expect(await sandbox.load(good, generousLimits)).toBeUndefined();
    // Known by its key: not even looked at.
    expect(await sandbox.load(broken, generousLimits)).toBeUndefined();
  });

  test('looks again when other functions are wanted than were seen', async () => {
    const source = programText('function compute() {}');
    expect(await sandbox.load(scriptOf(source), generousLimits)).toBeUndefined();
    const asWhole = scriptOf(source, ['split', 'compute', 'merge']);
    expect(await sandbox.load(asWhole, generousLimits)).toEqual({
      kind: 'threw',
      detail: expect.stringMatching(/must export a function split/),
    });
    expect(await sandbox.load(scriptOf(source), generousLimits)).toBeUndefined();
  });

  test('gives results whose bytes decode to what was returned', async () => {
    const program = await loadProgram(sandbox, "function compute(n) { return 'r' + n; }");
    const outcomes = await sandbox.run(batchOf(program, [1, 2, 3]));
    const values = outcomes.map(({ outcome }) =>
      outcome.type === 'result' ? decodeCanonical(outcome.value) : outcome,
    );
    expect(values).toEqual(['r1', 'r2', 'r3']);
  });
});
