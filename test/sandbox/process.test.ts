import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { jobId } from '../../src/model/ids.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import {
  marked,
  marking,
  sandboxFor,
  sandboxOfImpostors,
  sandboxWithImpostor,
} from '../support/impostors.ts';
import {
  batchOf,
  generousLimits,
  loadProgram,
  programText,
  scriptOf,
  shown,
} from '../support/job-runner.ts';
import {
  cpuSeconds,
  isAlive,
  openFiles,
  sandboxPids,
  threadsOf,
} from '../support/sandbox-process.ts';

/** As soon as it is there. */
async function sandboxPid(): Promise<number> {
  await expect.poll(sandboxPids).toHaveLength(1);
  return sandboxPids()[0] ?? 0;
}

/** Prints its sandbox's process while that is in an endless loop. */
const busyPeer = `
  import { createSandbox } from '${moduleUrl('../../src/sandbox/create-sandbox.ts')}';
  import { batchOf, loadProgram } from '${moduleUrl('../support/job-runner.ts')}';
  import { sandboxPids } from '${moduleUrl('../support/sandbox-process.ts')}';
  const sandbox = createSandbox({ slots: 1 });
  const program = await loadProgram(sandbox, 'function compute() { for (;;); }');
  void sandbox.run(batchOf(program, [1]));
  console.log(sandboxPids()[0]);
`;

/** Counts up, a million times for each that it is given: some ms together. */
const busyFor = `function compute(n) {
  for (let count = 0; count < n * 1e6; count++);
  return n;
}`;

function moduleUrl(path: string): string {
  return new URL(path, import.meta.url).href;
}

const job = (letter: string) => jobId(letter.repeat(64));

describe("the sandbox's process", () => {
  test('has no environment, no file of the peer, and the lowest priority', async () => {
    const sandbox = sandboxFor();
    await marked(sandbox);
    const pid = await sandboxPid();
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    const threads = threadsOf(pid);
    expect(threads.length).toBeGreaterThan(5);
    expect(threads.map((thread) => getPriority(thread))).toEqual(threads.map(() => 19));
    const files = openFiles(pid);
    const peers = new Set(openFiles(process.pid).values());
    const shared = [...files].filter(([, link]) => /:\[\d+\]$/.test(link) && peers.has(link));
    expect(shared).toEqual([]);
    const allowed = /^(?:\/dev\/null|socket:\[\d+\]|pipe:\[\d+\]|anon_inode:\[\w+\])$/;
    expect([...files.values()].filter((link) => !allowed.test(link))).toEqual([]);
    const sockets = [...files].filter(([, link]) => link.startsWith('socket'));
    expect(sockets.map(([fd]) => fd)).toEqual([2, 3]);
  });

  test('is there before the first program when the peer computes, and else is not', async () => {
    sandboxFor({ slots: 0 });
    expect(sandboxPids()).toEqual([]);
    sandboxFor();
    expect(sandboxPids()).toHaveLength(1);
  });

  test('a chunk that the machine gave no time is given back with those after it', async () => {
    const sandbox = sandboxFor();
    const program = await loadProgram(sandbox, 'function compute(n) { while (n > 0); return n; }');
    const pid = await sandboxPid();
    const before = cpuSeconds(pid);
    const running = sandbox.run(batchOf(program, [0, 1, 2], { wallMsMax: 1000 }));
    await expect.poll(() => cpuSeconds(pid)).toBeGreaterThan(before + 0.1);
    process.kill(pid, 'SIGSTOP');
    // What is waited for is the time in which it gets none.
    await delay(4000);
    process.kill(pid, 'SIGCONT');
    expect(shown(await running)).toEqual([0, 'returned', 'returned']);
  });

  test('is started by the first program of a peer that only asks', async () => {
    const sandbox = sandboxFor({ slots: 0 });
    await marked(sandbox);
    expect(sandboxPids()).toHaveLength(1);
  });

  test('is ended when it has nothing to do, and started when it has', async () => {
    const sandbox = sandboxFor({ idleMsMax: 50 });
    const program = await marked(sandbox);
    await expect.poll(sandboxPids).toEqual([]);
    expect(shown(await sandbox.run(batchOf(program, ['a'])))).toEqual(['a!']);
    await expect.poll(sandboxPids).toEqual([]);
    await loadProgram(sandbox, 'function compute() { return 0; }');
    expect(sandbox.stats()).toEqual({ slotsBusy: 0, batchesQueued: 0, restarts: 0 });
  });

  test('is not ended while a chunk runs', async () => {
    const sandbox = sandboxFor({ idleMsMax: 50 });
    const program = await loadProgram(sandbox, busyFor);
    const pid = await sandboxPid();
    expect(shown(await sandbox.run(batchOf(program, [300])))).toEqual([300]);
    expect(sandboxPids()).toEqual([pid]);
  });

  test('ends with its peer, even when that is killed and it is busy', async () => {
    const peer = spawn(process.execPath, ['--input-type=module', '--eval', busyPeer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(peer.stdout.setEncoding('utf8'), 'data');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    peer.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('goes on when a terminal or a service manager tells all to end', async () => {
    const sandbox = sandboxFor();
    const program = await marked(sandbox);
    const pid = await sandboxPid();
    const run = sandbox.run(batchOf(program, ['slow']));
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(pid, signal);
    expect(shown(await run)).toEqual(['slow!']);
    expect(sandbox.stats().restarts).toBe(0);
  });
});

describe('when the process is killed', () => {
  test('all chunks are computed all the same', async () => {
    const sandbox = sandboxFor({ slots: 2 });
    const program = await marked(sandbox);
    const words = Array.from({ length: 20 }, (_, n) => (n % 5 === 4 ? 'slow' : `${n}`));
    const runs = ['b', 'c', 'd', 'e', 'f'].map((letter) =>
      sandbox.run({ ...batchOf(program, words), job: job(letter) }),
    );
    process.kill(await sandboxPid(), 'SIGKILL');
    for (const run of runs) expect(shown(await run)).toEqual(words.map((word) => `${word}!`));
    expect(sandbox.stats()).toEqual({ slotsBusy: 0, batchesQueued: 0, restarts: 1 });
  });

  test('a stopped run comes back while the next one is not there yet, others go on', async () => {
    const sandbox = sandboxFor();
    const program = await marked(sandbox);
    const stop = new AbortController();
    const stopped = sandbox.run(batchOf(program, ['slow', 'slow']), stop.signal);
    const other = sandbox.run({ ...batchOf(program, ['other']), job: job('b') });
    process.kill(await sandboxPid(), 'SIGKILL');
    await expect.poll(() => sandbox.stats().trouble).toMatch(/was ended by SIGKILL/);
    stop.abort();
    expect(shown(await stopped)).toEqual(['returned', 'returned']);
    expect(shown(await other)).toEqual(['other!']);
    expect(sandbox.stats().trouble).toBeUndefined();
  });

  test('what was stopped before does not run again', async () => {
    const sandbox = sandboxFor();
    const program = await marked(sandbox);
    const stop = new AbortController();
    const run = sandbox.run(batchOf(program, ['slow', 'slow']), stop.signal);
    const pid = await sandboxPid();
    process.kill(pid, 'SIGSTOP');
    stop.abort();
    process.kill(pid, 'SIGKILL');
    expect(shown(await run)).toEqual(['returned', 'returned']);
  });

  test('closing does not wait for the next one', async () => {
    const sandbox = sandboxFor();
    const program = await marked(sandbox);
    const run = sandbox.run(batchOf(program, ['slow']));
    process.kill(await sandboxPid(), 'SIGKILL');
    await expect.poll(() => sandbox.stats().trouble).toBeDefined();
    await sandbox.close();
    expect(shown(await run)).toEqual(['returned']);
    expect(shown(await sandbox.run(batchOf(program, ['late'])))).toEqual(['returned']);
    expect(sandboxPids()).toEqual([]);
  });

  test('split and merge fail with the reason, and can be run again', async () => {
    const sandbox = sandboxFor();
    const script = scriptOf(
      programText(`function* split() { for (let n = 0; n < 5; n += 1) yield n; }
      async function merge(results) {
        let sum = 0;
        for await (const n of results) sum += n;
        return sum;
      }`),
      ['split', 'merge'],
    );
    expect(await sandbox.load(script, generousLimits)).toBeUndefined();
    const { signal } = new AbortController();
    const params = encodeCanonical({});
    let killed = false;
    async function* results() {
      yield [encodeCanonical(1)];
      if (!killed) process.kill(await sandboxPid(), 'SIGKILL');
      killed = true;
      yield [encodeCanonical(2)];
    }
    const reason =
      /^The job's merge failed: while it ran, the sandbox's process was ended by SIGKI/;
    await expect(sandbox.merge(script.key, params, results(), signal)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(reason),
    });
    const merged = await sandbox.merge(script.key, params, results(), signal);
    expect(new TextDecoder().decode(merged.value)).toBe('3\n');

    const chunks = sandbox.split(script.key, params, undefined, 'values', signal);
    const pulled = chunks[Symbol.asyncIterator]();
    process.kill(await sandboxPid(), 'SIGKILL');
    await expect.poll(() => sandbox.stats().trouble).toBeDefined();
    expect((await pulled.next()).value).toHaveLength(5);
  });

  test('what the peer does meanwhile is not held up', async () => {
    const sandbox = sandboxFor({ slots: 2, pingEveryMs: 100, hangMsMax: 1000 });
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const program = await marked(sandbox);
    const large = programText(`${marking}\n/*${'x'.repeat(8_000_000)}*/`);
    const largeOne = scriptOf(large);
    expect(await sandbox.load(largeOne, generousLimits)).toBeUndefined();
    const words = Array.from({ length: 16 }, (_, n) => `${n}`.repeat(500_000));
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const runs = [program, largeOne.key].map((key) => sandbox.run(batchOf(key, words)));
      process.kill(await sandboxPid(), signal);
      for (const run of runs) expect(shown(await run)).toEqual(words.map((word) => `${word}!`));
    }
    delay.disable();
    // In nanoseconds. A loop that waited for the process would stand still for seconds.
    expect(delay.max / 1e6).toBeLessThan(1000);
    expect(sandbox.stats().restarts).toBeGreaterThanOrEqual(2);
  });
});

describe('a process that does not answer', () => {
  test('is killed, and its chunks are computed by the next one', async () => {
    const sandbox = sandboxFor({ pingEveryMs: 100, hangMsMax: 2000 });
    const program = await marked(sandbox);
    const pid = await sandboxPid();
    const run = sandbox.run(batchOf(program, ['slow', 'next']));
    process.kill(pid, 'SIGSTOP');
    expect(shown(await run)).toEqual(['slow!', 'next!']);
    expect(isAlive(pid)).toBe(false);
    expect(sandbox.stats().restarts).toBe(1);
  });
});

describe('a process that was taken over and begins to', () => {
  test.each([
    'flood its error stream',
    'close its channel',
    'send garbage',
    'send a head that is no CBOR',
    'announce 4 GiB',
    'nest deeply',
    'send an unknown message',
    'answer what was not asked',
    'answer a run as if it were a load',
    'be ready twice',
    'send too many outcomes',
    'send no outcomes, again and again',
    'send too large a result',
    'hang',
  ])('%s is killed, and all chunks are computed by the next one', async (what) => {
    // An honest process may be silent for some seconds as well, where it has no processor.
    const hangMsMax = what === 'hang' ? 2000 : 10_000;
    const sandbox = sandboxWithImpostor({ pingEveryMs: 100, hangMsMax });
    const program = await loadProgram(sandbox, marking);
    const words = ['before', what, 'silence', 'after'];
    const outcomes = await sandbox.run(batchOf(program, words));
    expect(shown(outcomes)).toEqual(words.map((word) => `${word}!`));
    expect(sandbox.stats()).toEqual({ slotsBusy: 0, batchesQueued: 0, restarts: 1 });
  });
});

describe('a chunk that takes the process down again when it is alone', () => {
  test.each([
    ['exit', 'threw', /which ended with exit code 7$/],
    ['abort', 'out-of-memory', /which was ended by SIGABRT, saying: FATAL ERROR: Reached heap/],
    ['hoard', 'out-of-memory', /which took more than 1540 MiB of memory and was stopped$/],
    ['hang', 'threw', /which did not answer for 2 s and was stopped$/],
  ])('by %s fails, and no other does', async (word, kind, detail) => {
    const sandbox = sandboxOfImpostors({
      slots: 2,
      limits: { memoryBytesMax: 2 ** 20 },
      pingEveryMs: 100,
      hangMsMax: word === 'hang' ? 2000 : 10_000,
      memoryLookEveryMs: 20,
    });
    const program = await loadProgram(sandbox, marking);
    const words = ['a', 'b', word, 'c', 'd'];
    const [one, other] = await Promise.all([
      sandbox.run(batchOf(program, words)),
      sandbox.run({ ...batchOf(program, ['e', 'f']), job: job('b') }),
    ]);
    const failure = { kind, detail: expect.stringMatching(detail) };
    expect(shown(one)).toEqual(['a!', 'b!', failure, 'c!', 'd!']);
    expect(shown(other)).toEqual(['e!', 'f!']);
  });

  test('is found even among others that do the same', async () => {
    const sandbox = sandboxOfImpostors({ slots: 2 });
    const program = await loadProgram(sandbox, marking);
    const outcomes = await sandbox.run(batchOf(program, ['a', 'exit', 'b', 'exit']));
    const failure = expect.objectContaining({ kind: 'threw' });
    expect(shown(outcomes)).toEqual(['a!', failure, 'b!', failure]);
  });
});
