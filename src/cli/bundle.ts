/**
 * Makes one script of a job and all that it imports. Volunteers get nothing else: no packages, no
 * files. The script's completion value is the object with the job's functions, which is what the
 * sandbox evaluates.
 *
 * The digest of the script is the program's id, so the same sources must give the same bytes:
 * esbuild runs in the job's own folder, whatever the current one is, and leaves no comments, whose
 * paths would depend on where a package was installed.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

export type BundledJob = {
  /** For people: the job file's name, or its folder's if the file is called job. */
  readonly name: string;
  /** UTF-8 of the script. */
  readonly program: Uint8Array;
};

const jobFunctions = ['split', 'compute', 'merge'] as const;
const extensions = ['.ts', '.mts', '.js', '.mjs'];
/** Stands for the module that takes the three functions out of the job. */
const exportsFile = '<exports>';
const shippedJobs = fileURLToPath(new URL('../../jobs', import.meta.url));
/** Errors that a person is shown at once; the others are often their consequences. */
const shownErrorsMax = 5;

/**
 * @param job a file, a folder with a `job.ts`, `job.js` or the `main` of a package.json, or the
 * name of
 *   a job that ships with manyhands
 * @throws {GridError} `unknown-job`, or `job-invalid` with file, line, column and the source line
 */
export async function bundleJob(job: string): Promise<BundledJob> {
  const entry = await findEntry(job);
  const result = await runEsbuild(entry);
  const program = evasive(result.outputFiles[0]?.text ?? '');
  checkSyntax(entry, program);
  const bytes = new TextEncoder().encode(program);
  if (bytes.byteLength > limits.programBytesMax) {
    throw new GridError(
      'job-invalid',
      `The job ${entry} has ${bytes.byteLength} bytes with all that it imports, and a program ` +
        `may have ${limits.programBytesMax}. Import less, or give data to split with --input.`,
    );
  }
  return { name: nameOf(entry), program: bytes };
}

async function runEsbuild(entry: string): Promise<BuildResult<{ write: false }>> {
  const file = `./${basename(entry)}`;
  try {
    return await build({
      ...esbuildOptions,
      absWorkingDir: dirname(entry),
      stdin: {
        // Only these three: what else the job exports, for its own tests say, is left out.
        contents: `export { ${jobFunctions.join(', ')} } from ${JSON.stringify(file)};`,
        resolveDir: dirname(entry),
        sourcefile: exportsFile,
      },
    });
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const missing = jobFunctions.filter((name) => error.errors.some(saysMissing(name)));
    if (missing.length > 0) throw lacksFunctions(entry, missing, error);
    const shown = error.errors.slice(0, shownErrorsMax).map((message) => describe(entry, message));
    throw new GridError('job-invalid', shown.join('\n'), { cause: error });
  }
}

const esbuildOptions: BuildOptions & { write: false } = {
  bundle: true,
  write: false,
  outfile: 'job.js',
  format: 'iife',
  globalName: 'job',
  footer: { js: 'job;' },
  // Neither Node nor a browser: no builtin is there. Packages that offer both usually need less of
  // a browser.
  platform: 'neutral',
  mainFields: ['browser', 'module', 'main'],
  conditions: ['browser', 'module'],
  define: { 'process.env.NODE_ENV': '"production"' },
  target: 'esnext',
  charset: 'utf8',
  legalComments: 'none',
  minifyWhitespace: true,
  sourcemap: false,
  // The job alone decides what it is, not the tsconfig.json of a folder above it.
  tsconfigRaw: '{}',
  logLevel: 'silent',
};

async function findEntry(job: string): Promise<string> {
  const path = resolve(job);
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return checkExtension(path);
    const entry = await entryOfFolder(path);
    if (entry !== undefined) return entry;
  }
  const shipped = shippedNames();
  if (shipped.includes(job)) {
    const entry = await entryOfFolder(join(shippedJobs, job));
    if (entry !== undefined) return entry;
  }
  const found = existsSync(path)
    ? `the folder ${job} holds no job.ts, no job.js and no package.json with a "main"`
    : `there is no file or folder ${job} here, and no job of this name ships with manyhands`;
  throw new GridError(
    'unknown-job',
    `No job found: ${found}. Give a .ts or .js file, a folder with a job.ts, ` +
      `or one of the jobs that ship with manyhands: ${shipped.join(', ')}.`,
  );
}

function checkExtension(path: string): string {
  if (extensions.includes(extname(path))) return path;
  throw new GridError(
    'unknown-job',
    `${path} is no job: a job is a ${extensions.join(', ')} file, a folder with a job.ts, ` +
      `or one of the jobs that ship with manyhands: ${shippedNames().join(', ')}.`,
  );
}

async function entryOfFolder(folder: string): Promise<string | undefined> {
  const job = extensions.map((extension) => join(folder, `job${extension}`)).find(existsSync);
  if (job !== undefined) return job;
  const manifestPath = join(folder, 'package.json');
  if (!existsSync(manifestPath)) return undefined;
  const main = mainOf(manifestPath, await readFile(manifestPath, 'utf8'));
  if (main === undefined) return undefined;
  const path = resolve(folder, main);
  if (existsSync(path)) return checkExtension(path);
  throw new GridError(
    'job-invalid',
    `${manifestPath} names ${main} as its "main", but there is no such file.`,
  );
}

function mainOf(path: string, text: string): string | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new GridError('job-invalid', `${path} is no valid JSON: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  if (typeof manifest !== 'object' || manifest === null || !('main' in manifest)) return undefined;
  return typeof manifest.main === 'string' ? manifest.main : undefined;
}

function shippedNames(): string[] {
  return readdirSync(shippedJobs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function nameOf(entry: string): string {
  const file = basename(entry, extname(entry));
  return (file === 'job' ? basename(dirname(entry)) : file).slice(0, limits.nameCharsMax);
}

function saysMissing(name: string): (message: Message) => boolean {
  return ({ location, text }) =>
    location?.file === exportsFile && text.endsWith(`for import "${name}"`);
}

function lacksFunctions(entry: string, missing: readonly string[], cause: unknown): GridError {
  return new GridError(
    'job-invalid',
    `${entry} exports no ${missing.join(' and no ')}. A job exports three functions: ` +
      'split(params) yields the chunks, compute(chunk) computes the result of one, ' +
      'merge(results) makes the final one.',
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
