/**
 * The rules of this repository that no linter knows, each a pure function from a file to the
 * complaints about it. `test/tidy.test.ts` holds every file against them and shows of each that it
 * can fail. Function sizes, unused code and types are left to oxlint, knip and tsc.
 */

import { posix } from 'node:path';

export type SourceFile = {
  /** From the root of the repository, with "/". */
  readonly path: string;
  readonly text: string;
};

/** @returns one line for each thing that is wrong */
export type Rule = (file: SourceFile) => readonly string[];

type Layer = {
  readonly layer: string;
  /** Other layers, or single files of theirs. */
  readonly mayImport: readonly string[];
  /** Packages and `node:*`; the layers that only think need neither. */
  readonly packages: boolean;
};

const pure = { packages: false };
const open = { packages: true };
const bytes = ['canonical-cbor', 'digest', 'packed'].map((name) => `src/wire/${name}.ts`);
const seams = ['src/ports.ts', 'src/model'];
const controlClient = 'src/transport/control-client.ts';

/** Data flows down; imports only point to what a row names, and within the row's own layer. */
const layers: readonly Layer[] = [
  { layer: 'src/model', mayImport: [], ...pure },
  { layer: 'src/protocol', mayImport: ['src/model'], ...pure },
  { layer: 'src/ports.ts', mayImport: ['src/model'], ...pure },
  { layer: 'src/wire', mayImport: ['src/model'], ...open },
  { layer: 'src/transport', mayImport: [...seams, 'src/wire'], ...open },
  { layer: 'src/sandbox', mayImport: [...seams, ...bytes], ...open },
  { layer: 'src/storage', mayImport: [...seams, ...bytes], ...open },
  {
    layer: 'src/runtime',
    mayImport: [
      ...seams,
      'src/protocol',
      'src/wire',
      'src/transport',
      'src/sandbox',
      'src/storage',
    ],
    ...open,
  },
  { layer: 'src/cli', mayImport: ['src/runtime', controlClient, 'src/model'], ...open },
];

export const importsFollowTheLayers: Rule = ({ path, text }) => {
  if (!path.startsWith('src/') || !isCode(path)) return [];
  const row = layers.find(({ layer }) => isIn(path, layer));
  if (!row) return [`${path} is in no layer of the table in test/support/tidy-rules.ts`];
  return importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      return row.packages ? [] : [`${path} imports ${specifier}, but ${row.layer} is pure`];
    }
    const target = posix.join(posix.dirname(path), specifier);
    const allowed = [row.layer, ...row.mayImport].some((layer) => isIn(target, layer));
    return allowed ? [] : [`${path} imports ${target}, which ${row.layer} may not`];
  });
};

/** What would let a machine know the time, roll dice, or do something behind the driver's back. */
const impure: readonly RegExp[] = [
  /(?<![\w.])(?:Date|performance|process|globalThis|crypto)\b(?!\??:)/,
  /\bMath\.random\b/,
  /(?<![\w.])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
  /(?<![\w.])(?:Promise|async|await)\b/,
];

export const protocolIsPure: Rule = ({ path, text }) =>
  isIn(path, 'src/protocol') ? matchesIn({ path, text: withoutComments(text) }, impure) : [];

const FILE_LINES_MAX = 400;
const LINE_CHARS_MAX = 100;

export const sizesAreBounded: Rule = ({ path, text }) => {
  if (!isCode(path)) return [];
  const lines = text.trimEnd().split('\n');
  const long = lines.flatMap((line, index) => {
    const chars = line.length;
    return chars > LINE_CHARS_MAX ? [`${path}:${index + 1} has ${chars} characters`] : [];
  });
  return lines.length > FILE_LINES_MAX ? [...long, `${path} has ${lines.length} lines`] : long;
};

/** These two files quote what the next three rules forbid. */
const rulebooks = new Set(['test/support/tidy-rules.ts', 'test/tidy.test.ts']);

const leftovers: readonly RegExp[] = [
  /\b(?:TODO|FIXME|XXX|HACK)\b/,
  /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:only|skip|todo|skipIf|runIf|fails)\b/,
  /@ts-(?:ignore|nocheck)\b/,
  /\bas any\b/,
  /\bas unknown as\b/,
];

export const nothingIsLeftOver: Rule = ({ path, text }) => {
  if (rulebooks.has(path) || !(isCode(path) || isProse(path))) return [];
  return matchesIn({ path, text }, leftovers);
};

const machinePaths: readonly RegExp[] = [
  /(?<![\w.~}/*-])\/(?:work|root|home\/\w+|Users\/\w+)(?=[/\s'"`),]|$)/m,
  /(?<![\w.~}-])\/tmp\//,
];

export const noMachineIsNamed: Rule = ({ path, text }) =>
  rulebooks.has(path) ? [] : matchesIn({ path, text }, machinePaths);

const registries: readonly RegExp[] = [
  /https?:\/\/[\w.-]*(?:registry|npmjs|verdaccio|artifactory|nexus)[\w.:-]*/,
  /^\s*"resolved": "https?:.*/m,
];

export const noRegistryIsNamed: Rule = ({ path, text }) =>
  rulebooks.has(path) ? [] : matchesIn({ path, text }, registries);

/** @param exists whether there is a file or folder at a path from the root */
export function linksLeadSomewhere(exists: (path: string) => boolean): Rule {
  return function linksLeadSomewhere({ path, text }) {
    if (!path.endsWith('.md')) return [];
    const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
    return [...prose.matchAll(/\]\(\s*<?([^)>\s]+)|\b(?:src|href)="([^"]+)"/g)].flatMap((found) => {
      const link = found[1] ?? found[2] ?? '';
      if (/^(?:[a-z]+:|#)/.test(link)) return [];
      const [relative = ''] = link.split(/[#?]/);
      const target = posix.join(posix.dirname(path), decodeURIComponent(relative));
      return exists(target) ? [] : [`${path} links to ${link}, which is not there`];
    });
  };
}

/** @param paths of all files of the repository */
export function jobsWithoutExpectation(paths: readonly string[]): readonly string[] {
  const jobs = new Set(paths.flatMap((path) => /^jobs\/[^/]+(?=\/)/.exec(path) ?? []));
  return [...jobs]
    .filter((job) => !paths.includes(`${job}/expected.json`))
    .map((job) => `${job} has no expected.json`);
}

/** @returns how two sets of files differ, by their names and texts */
export function differences(
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...expected.keys(), ...actual.keys()])].sort().flatMap((path) => {
    if (!actual.has(path)) return [`${path} is missing`];
    if (!expected.has(path)) return [`${path} should not be there`];
    return expected.get(path) === actual.get(path) ? [] : [`${path} is out of date`];
  });
}

function matchesIn({ path, text }: SourceFile, patterns: readonly RegExp[]): readonly string[] {
  return patterns.flatMap((pattern) => {
    const found = pattern.exec(text);
    if (!found) return [];
    const line = text.slice(0, found.index).split('\n').length;
    return [`${path}:${line} has "${found[0].trim()}"`];
  });
}

const imports: readonly RegExp[] = [
  /^(?:import|export)\b(?:[^'"`;=]*\sfrom)?\s*'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
  // How threads and processes are given their code.
  /\bnew URL\(\s*'(\.[^']+\.[jt]s)'/g,
];

function importsOf(text: string): readonly string[] {
  const code = withoutComments(text, 'keep strings');
  return imports.flatMap((pattern) =>
    Array.from(code.matchAll(pattern), ([, specifier = '']) => specifier),
  );
}

/** Comments go but for their lines, and strings are emptied; templates stay as they are. */
function withoutComments(text: string, strings?: 'keep strings'): string {
  return text.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    (found) => {
      if (found.startsWith('/')) return found.replaceAll(/[^\n]/g, '');
      return found.startsWith('`') || strings ? found : "''";
    },
  );
}

function isIn(path: string, layer: string): boolean {
  return path === layer || path.startsWith(`${layer}/`);
}

function isCode(path: string): boolean {
  return /\.(?:ts|js|mjs|proto|sh)$|^\.ci\//.test(path) && !isIn(path, 'src/wire/generated');
}

function isProse(path: string): boolean {
  return /\.(?:md|json|yml|yaml)$|file$/.test(path) && !path.endsWith('package-lock.json');
}
