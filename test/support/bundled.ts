/**
 * Programs put together from their modules, those of packages too. To find and read some hundreds
 * of files one by one is a third of what it takes to start a peer, and half of what a thread takes.
 *
 * Only where modules lie changes. Those that ask where that is are told where they lay before, so
 * that they find what lies beside them.
 */

import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build, type BuildOptions, type Plugin } from 'esbuild';

/** Two start programs and threads of their own; of the third others load a copy by its name. */
const external = ['esbuild', 'piscina', 'long'];

export type Bundled = {
  /** Where the modules are, and what is made of them. */
  readonly folder: string;
  /** Where the folder will be when they are started. */
  readonly home: string;
  /** First modules, by their paths in the folder, of programs that share most of what they load. */
  readonly sharing: readonly string[];
  /** Of programs that become one file each, and load nothing else. */
  readonly alone: readonly string[];
};

/** Puts each program where its first module was. @throws what esbuild does */
export async function bundle({ folder, home, sharing, alone }: Bundled): Promise<void> {
  const options = {
    absWorkingDir: folder,
    bundle: true,
    external,
    format: 'esm',
    platform: 'node',
    target: `node${process.versions.node}`,
    logLevel: 'error',
    outdir: join(folder, 'bundled'),
    plugins: [whereTheyLay(realpathSync(folder), home)],
  } as const satisfies BuildOptions;
  await build({
    ...options,
    entryPoints: sharing.map((path) => ({ in: path, out: nameOf(path) })),
    splitting: true,
    // Packages of the older kind of modules load with this what Node brings.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`,
    },
  });
  for (const path of sharing) {
    const bundled = join(folder, 'bundled', `${nameOf(path)}.js`);
    const from = relative(join(folder, dirname(path)), bundled);
    writeFileSync(join(folder, path), `import '${from}';\n`);
  }
  await build({
    ...options,
    entryPoints: [...alone],
    outbase: folder,
    outdir: folder,
    allowOverwrite: true,
  });
}

function nameOf(path: string): string {
  return path.replaceAll('/', '-').replace(/\.js$/, '');
}

function whereTheyLay(folder: string, home: string): Plugin {
  return {
    name: 'where-they-lay',
    setup(builder) {
      builder.onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
        const inFolder = relative(folder, path);
        const lay = inFolder.startsWith('..') ? path : join(home, inFolder);
        return { contents: told(readFileSync(path, 'utf8'), lay), loader: 'js' };
      });
    },
  };
}

function told(text: string, path: string): string {
  return text
    .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
    .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(path)))
    .replaceAll(/\b__filename\b/g, JSON.stringify(path));
}
