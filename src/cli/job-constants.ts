/**
 * What a job file says about itself, in constants: that a WASI program computes its chunks, and
 * which one.
 *
 *   export const runtime = 'wasi';
 *   export const program = 'count.wasm';     or a .py; beside the job file
 *   export const args = ['--fast'];          as --arg, --env and --data give them
 *   export const env = ['LANG=C'];
 *   export const data = ['words.txt'];
 *
 * A job file comes from anywhere, so nothing of it is ever run outside of the sandbox, and a
 * sandbox only to learn these takes as long as all the rest of submitting. So they are read, not
 * run: esbuild reduces the file to them, and what then stands there must be a text or a list of
 * texts.
 */

import { GridError } from '../model/errors.ts';
import { bundleExports, exportsOf } from './bundle.ts';

export type JobConstants =
  | { readonly runtime: 'javascript' }
  | {
      readonly runtime: 'wasi';
      /** As it stands there: relative to the job file. */
      readonly program: string;
      readonly args: readonly string[];
      readonly env: readonly string[];
      readonly data: readonly string[];
    };

/**
 * @param entry path of the job file
 * @throws {GridError} `job-invalid`
 */
export async function readJobConstants(entry: string): Promise<JobConstants> {
  const exported = await exportsOf(entry);
  if (!exported.has('runtime')) return { runtime: 'javascript' };
  const names = ['runtime', ...wasiNames.filter((name) => exported.has(name))];
  const text = await bundleExports(entry, names, { format: 'esm', treeShaking: true });
  const read = (name: string): readonly string[] | string | undefined =>
    names.includes(name) ? constantIn(text, name, entry) : undefined;

  const runtime = read('runtime');
  if (runtime === 'javascript') return { runtime };
  if (runtime !== 'wasi') {
    throw invalid(entry, `its runtime is neither 'wasi' nor 'javascript'`);
  }
  if (exported.has('compute')) {
    throw invalid(
      entry,
      "with the runtime 'wasi' its program computes the chunks, yet it exports compute too",
    );
  }
  const program = read('program');
  if (typeof program !== 'string') {
    throw invalid(
      entry,
      "with the runtime 'wasi' it must name its program, as in export const program = 'main.wasm'",
    );
  }
  const list = (name: string): readonly string[] => {
    const value = read(name) ?? [];
    if (typeof value !== 'string') return value;
    throw invalid(entry, `${name} must be a list of texts, as in export const ${name} = ['...']`);
  };
  return { runtime, program, args: list('args'), env: list('env'), data: list('data') };
}

const wasiNames = ['program', 'args', 'env', 'data'];

/** The value of an export, from a module as esbuild prints it: `var name = "text";`. */
function constantIn(module: string, name: string, entry: string): string | readonly string[] {
  const exported = /^export \{\n(?<list>[^}]*)\n\};?$/m.exec(module)?.groups?.['list'] ?? '';
  const renamed = new RegExp(String.raw`^ *([\w$]+) as ${name},?$`, 'm').exec(exported)?.[1];
  const start = `\nvar ${renamed ?? name} = `;
  const at = `\n${module}`.indexOf(start);
  const value = at < 0 ? undefined : textsAt(`\n${module}`.slice(at + start.length));
  if (value !== undefined) return value;
  throw invalid(
    entry,
    `${name} must be written down as a text or a list of texts, since it is read without running ` +
      `the job, as in export const ${name} = ${name === 'program' ? "'main.wasm'" : "['...']"}`,
  );
}

/**
 * A text or a list of texts in the source, up to the semicolon that ends it.
 * @returns undefined for anything else
 */
function textsAt(source: string): string | readonly string[] | undefined {
  const texts: string[] = [];
  /** A "t" for each text, and the marks between them. */
  let shape = '';
  for (const { groups = {} } of source.matchAll(token)) {
    const { literal, mark = '' } = groups;
    const text = literal === undefined ? undefined : textOf(literal);
    if (literal !== undefined && text === undefined) return undefined;
    if (text !== undefined) texts.push(text);
    shape += text === undefined ? mark : 't';
    if (mark === ';') break;
  }
  if (shape === 't;') return texts[0];
  return /^\[(?:t(?:,t)*,?)?\];$/.test(shape) ? texts : undefined;
}

/** A literal in any of the three quotes; of templates, those without places to fill in. */
const literal = /(?<literal>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`)/;
const mark = /(?<mark>[[\],;])/;
const spaceOrComment = /\s+|\/\/[^\n]*|\/\*.*?\*\//;
/** One after the other, as long as there are only these. */
const token = new RegExp(
  [literal, mark, spaceOrComment].map((each) => each.source).join('|'),
  'gsy',
);

/** Undefined for an escape that only few texts need. */
function textOf(literal: string): string | undefined {
  let isPlain = true;
  const text = literal.slice(1, -1).replaceAll(/\\(.)/gs, (_escape, letter: string) => {
    const meant = escapes[letter];
    isPlain &&= meant !== undefined;
    return meant ?? '';
  });
  return isPlain ? text : undefined;
}

const escapes: Record<string, string> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  $: '$',
  n: '\n',
  r: '\r',
  t: '\t',
};

function invalid(entry: string, what: string): GridError {
  return new GridError('job-invalid', `${entry} can't be run: ${what}.`);
}
