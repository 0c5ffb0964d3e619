/**
 * What `manyhands init` writes: for each language a folder of files that ship with manyhands. The
 * jobs are small, but real.
 */

import { readdir, readFile } from 'node:fs/promises';

export const languages = ['typescript', 'python', 'wasi'] as const;

export type Language = (typeof languages)[number];

export type TemplateFile = { readonly name: string; readonly content: Uint8Array | string };

const templates = new URL('../../templates/', import.meta.url);

/**
 * @param name what to call the job
 * @param folder where it is going to be, as commands name it
 */
export async function templateFiles(
  language: Language,
  name: string,
  folder: string,
): Promise<TemplateFile[]> {
  const source = new URL(`${language}/`, templates);
  const files = await readdir(source);
  return Promise.all(
    files.sort().map(async (file) => {
      const content = await readFile(new URL(file, source));
      return { name: file, content: file === readme ? filled(content, name, folder) : content };
    }),
  );
}

const readme = 'README.md';

function filled(content: Buffer, name: string, folder: string): string {
  // In one go and by a function: a name may hold "$&", or a place of its own.
  return content.toString().replaceAll(/\{\{(name|folder)\}\}/g, (_place, what: string) => {
    return what === 'name' ? name : folder;
  });
}

/** What to type next: first for a look, then for all of it. */
export function nextCommands(language: Language, folder: string): readonly [string, string] {
  switch (language) {
    case 'typescript':
      return [`test ${folder}`, `submit ${folder} samples=100000000`];
    case 'python': {
      const range = '--range 1000000..1010000 --per-chunk 500';
      return [`test ${folder}/main.py ${range}`, `submit ${folder}/main.py ${range}`];
    }
    case 'wasi': {
      const range = '--range 1000000000000..1000000010000 --per-chunk 100';
      return [`test ${folder}/main.wasm ${range}`, `submit ${folder}/main.wasm ${range}`];
    }
    default:
      throw new Error(`no template for ${String(language satisfies never)}`);
  }
}
