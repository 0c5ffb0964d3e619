/**
 * Makes one script of a job and all that it imports. Volunteers get nothing else: no packages, no
 * files. The script's completion value is the object with the job's functions, which is what the
 * sandbox evaluates.
 *
 * The digest of the script is the program's id, so the same sources must give the same bytes:
 * esbuild runs in the job's own folder, whatever the current one is, and leaves no comments, whose
 * paths would depend on where a package was installed.
 */

import { isBuiltin } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { Script } from 'node:vm';

import {
  build,
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  type Message,
} from 'esbuild';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';

export type JobFunction = 'split' | 'compute' | 'merge';

/** A job may have them. */
const comparing = ['equals', 'verify'] as const;

/** Stands for the module that takes some exports out of the job. */
const exportsFile = '<exports>';
/** Errors that a person is shown at once; the others are often their consequences. */
const shownErrorsMax = 5;

/**
 * @param entry path of the job file
 * @param functions that it must export
 * @returns UTF-8 of the script
 * @throws {GridError} `job-invalid` with file, line, column and the source line
 */
export async function bundleJob(
  entry: string,
  functions: readonly JobFunction[],
): Promise<Uint8Array> {
  const exported = await exportsOf(entry);
  const wanted = [...functions, ...comparing.filter((name) => exported.has(name))];
  // Only these: what else the job exports, for its own tests say, is left out.
  const text = await bundleExports(entry, wanted, {
    format: 'iife',
    globalName: 'job',
    footer: { js: 'job;' },
    minifyWhitespace: true,
  });
  const script = evasive(text);
  checkSyntax(entry, script);
  const bytes = new TextEncoder().encode(script);
  if (bytes.byteLength > limits.scriptBytesMax) {
    throw new GridError(
      'job-invalid',
      `The job ${entry} has ${bytes.byteLength} bytes with all that it imports, and a script ` +
        `may have ${limits.scriptBytesMax}. Import less, or give data to split with --input.`,
    );
  }
  return bytes;
}

/**
 * A module of some of the job's exports and of nothing that they don't need.
 * @throws {GridError} `job-invalid`, as `bundleJob`
 */
export async function bundleExports(
  entry: string,
  names: readonly string[],
  options: BuildOptions,
): Promise<string> {
  const contents = `export { ${names.join(', ')} } from ${JSON.stringify(`./${basename(entry)}`)};`;
  const stdin = { contents, resolveDir: dirname(entry), sourcefile: exportsFile };
  const result = await runEsbuild(entry, { ...options, bundle: true, stdin });
  return result.outputFiles[0]?.text ?? '';
}

/**
 * The names that the job file itself exports.
 * @throws {GridError} `job-invalid`, as `bundleJob`
 */
export async function exportsOf(entry: string): Promise<ReadonlySet<string>> {
  const result = await runEsbuild(entry, {
    entryPoints: [entry],
    format: 'esm',
    metafile: true,
  });
  const outputs = Object.values(result.metafile?.outputs ?? {});
  return new Set(outputs.flatMap((output) => output.exports));
}

async function runEsbuild(
  entry: string,
  options: BuildOptions,
): Promise<BuildResult<{ write: false }>> {
  const folder = { absWorkingDir: dirname(entry), write: false } as const;
  try {
    return await build({ ...esbuildOptions, ...options, ...folder });
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const missing = jobFunctions.filter((name) => error.errors.some(saysMissing(name)));
    if (missing.length > 0) throw lacksFunctions(entry, missing, error);
    const shown = error.errors.slice(0, shownErrorsMax).map((message) => describe(entry, message));
    throw new GridError('job-invalid', shown.join('\n'), { cause: error });
  }
}

const jobFunctions: readonly JobFunction[] = ['split', 'compute', 'merge'];

const esbuildOptions: BuildOptions = {
  outfile: 'job.js',
  // Neither Node nor a browser: no builtin is there. Packages that offer both usually need less of
  // a browser.
  platform: 'neutral',
  mainFields: ['browser', 'module', 'main'],
  conditions: ['browser', 'module'],
  define: { 'process.env.NODE_ENV': '"production"' },
  target: 'esnext',
  charset: 'utf8',
  legalComments: 'none',
  sourcemap: false,
  // The job alone decides what it is, not the tsconfig.json of a folder above it.
  tsconfigRaw: '{}',
  logLevel: 'silent',
};

function saysMissing(name: string): (message: Message) => boolean {
  return ({ location, text }) =>
    location?.file === exportsFile && text.endsWith(`for import "${name}"`);
}

function lacksFunctions(entry: string, missing: readonly string[], cause: unknown): GridError {
  return new GridError(
    'job-invalid',
    `${entry} exports no ${missing.join(' and no ')}. A job exports three functions: ` +
      'split(params) yields the chunks, compute(chunk) computes the result of one, ' +
      'merge(results) makes the final one. In place of compute it may name a program: ' +
      "export const runtime = 'wasi', program = 'main.wasm'.",
    { cause },
  );
}

/** "job.ts:3:7: Expected ";" but found "x"" and below it the source line with a mark. */
function describe(entry: string, { text, location }: Message): string {
  const imported = /^Could not resolve "(?<name>[^"]+)"/.exec(text)?.groups?.['name'];
  const reason =
    imported !== undefined && isBuiltin(imported)
      ? `a job can't use ${imported}: it runs on other people's machines, where it can compute ` +
        'and nothing else. Import packages that work in a browser, and give files with --input.'
      : text;
  if (location === null) return `${entry}: ${reason}`;
  const { file, line, column, lineText } = location;
  const place = `${resolve(dirname(entry), file)}:${line}:${column + 1}`;
  return `${place}: ${reason}\n  ${lineText}\n  ${' '.repeat(column)}^`;
}

/**
 * SES refuses a source in which `import(` or an HTML comment seems to occur, without parsing it.
 * What esbuild leaves of these is inside of strings, templates and regular expressions, where an
 * escaped letter means the same; as code an escaped keyword is a syntax error, which is then said.
 */
function evasive(source: string): string {
  return source
    .replaceAll(/\bimport(?=\s*(?:\(|\/[/*]))/g, String.raw`im\u0070ort`)
    .replaceAll('<!--', String.raw`\u003C!--`)
    .replaceAll('-->', String.raw`--\u003E`);
}

function checkSyntax(entry: string, program: string): void {
  try {
    // Parsed, never run.
    void new Script(program);
  } catch (error) {
    throw new GridError(
      'job-invalid',
      `${entry} can't be run as one script: ${reasonOf(error)}. The usual cause is an import() ` +
        'whose argument is computed: import what you need at the top of the file.',
      { cause: error },
    );
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
