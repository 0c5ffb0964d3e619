/** Every file of the repository against the rules in `support/tidy-rules.ts`. */

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { tempDir } from './support/temp-dir.ts';
import {
  differences,
  importsFollowTheLayers,
  jobsWithoutExpectation,
  linksLeadSomewhere,
  noMachineIsNamed,
  noRegistryIsNamed,
  nothingIsLeftOver,
  protocolIsPure,
  sizesAreBounded,
  type Rule,
  type SourceFile,
} from './support/tidy-rules.ts';

/** A rule, a path and a text there. */
type Sample = readonly [Rule, string, string];

const root = fileURLToPath(new URL('..', import.meta.url));
const exists = (path: string) => existsSync(join(root, path));
const links = linksLeadSomewhere(exists);
const files = repositoryFiles();

test('the files of the repository are found', () => {
  const paths = files.map((file) => file.path);
  expect(paths).toEqual(expect.arrayContaining(['package.json', '.ci/run', 'src/ports.ts']));
  expect(paths.filter((path) => /^(?:node_modules|dist|\.git)\//.test(path))).toEqual([]);
});

test.each([
  ['imports follow the table of layers', importsFollowTheLayers],
  ['the protocol reaches no clock, dice, timer or promise', protocolIsPure],
  ['files have at most 400 lines and lines at most 100 characters', sizesAreBounded],
  ['nothing is left over', nothingIsLeftOver],
  ['no path of one machine is named', noMachineIsNamed],
  ['no package registry is named', noRegistryIsNamed],
  ['links in documents lead somewhere', links],
] as const satisfies readonly (readonly [string, Rule])[])('%s', (_name, rule) => {
  expect(files.flatMap((file) => rule(file))).toEqual([]);
});

test('every job comes with its expected result', () => {
  expect(jobsWithoutExpectation(files.map((file) => file.path))).toEqual([]);
});

test('the types of proto/ are up to date; if not, run `npm run generate`', () => {
  const fresh = tempDir();
  const bin = join(root, 'node_modules/.bin');
  execFileSync('sh', ['scripts/generate.sh', fresh], {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` },
  });
  const kept = join(root, 'src/wire/generated');
  expect(differences(textsIn(fresh), textsIn(kept))).toEqual([]);
});

describe('each rule can fail', () => {
  test.each([
    [importsFollowTheLayers, 'src/model/a.ts', "import { hash } from 'node:crypto';"],
    [importsFollowTheLayers, 'src/protocol/a.ts', "import x from 'ses';"],
    [importsFollowTheLayers, 'src/protocol/a.ts', "import { b } from '../wire/b.ts';"],
    [importsFollowTheLayers, 'src/ports.ts', "import type { B } from './wire/b.ts';"],
    [importsFollowTheLayers, 'src/wire/a.ts', "import type { B } from '../ports.ts';"],
    [importsFollowTheLayers, 'src/transport/a.ts', "export * from '../storage/b.ts';"],
    [importsFollowTheLayers, 'src/sandbox/a.ts', "import { b } from '../wire/signing.ts';"],
    [importsFollowTheLayers, 'src/storage/a.ts', "const b = await import('../runtime/b.ts');"],
    [importsFollowTheLayers, 'src/runtime/a.ts', "import {\n  b,\n} from '../cli/b.ts';"],
    [importsFollowTheLayers, 'src/runtime/a.ts', "new URL('../../test/b.ts', import.meta.url)"],
    [importsFollowTheLayers, 'src/cli/a.ts', "import '../transport/control-server.ts';"],
    [importsFollowTheLayers, 'src/cli/a.ts', "export type { A } from '../wire/a.ts';"],
    [importsFollowTheLayers, 'src/extra/a.ts', ''],
    [protocolIsPure, 'src/protocol/a.ts', 'const now = Date.now();'],
    [protocolIsPure, 'src/protocol/a.ts', 'const now = performance.now();'],
    [protocolIsPure, 'src/protocol/a.ts', 'const dice = Math.random();'],
    [protocolIsPure, 'src/protocol/a.ts', 'setTimeout(wake, 10);'],
    [protocolIsPure, 'src/protocol/a.ts', 'queueMicrotask(wake);'],
    [protocolIsPure, 'src/protocol/a.ts', 'if (process.env.X) go();'],
    [protocolIsPure, 'src/protocol/a.ts', 'function a(): Promise<void> {}'],
    [protocolIsPure, 'src/protocol/a.ts', 'async function a() {}'],
    [sizesAreBounded, 'test/a.test.ts', '1\n'.repeat(401)],
    [sizesAreBounded, 'proto/a.proto', 'x'.repeat(101)],
    [nothingIsLeftOver, 'src/a.ts', '// TODO: later'],
    [nothingIsLeftOver, 'README.md', 'FIXME'],
    [nothingIsLeftOver, 'test/a.test.ts', "test.only('a', () => {});"],
    [nothingIsLeftOver, 'test/a.test.ts', "describe.skip('a', () => {});"],
    [nothingIsLeftOver, 'test/a.test.ts', "it.concurrent.todo('a');"],
    [nothingIsLeftOver, 'src/a.ts', '// @ts-ignore'],
    [nothingIsLeftOver, 'src/a.ts', 'const a = b as any;'],
    [nothingIsLeftOver, 'src/a.ts', 'const a = b as unknown as C;'],
    [noMachineIsNamed, 'README.md', 'see /work/main/README.md'],
    [noMachineIsNamed, 'src/a.ts', "const home = '/root/.config';"],
    [noMachineIsNamed, 'src/a.ts', "const file = '/tmp/a';"],
    [noRegistryIsNamed, 'package-lock.json', '  "resolved": "http://localhost:4873/a.tgz",'],
    [noRegistryIsNamed, '.npmrc', 'registry=https://registry.example.org/'],
    [links, 'docs/a.md', '[missing](./missing.md)'],
    [links, 'README.md', '![missing](docs/missing.svg#top)'],
    [links, 'README.md', '<img src="docs/missing.png">'],
  ] as const satisfies readonly Sample[])('%o: %s: %j', (rule, path, text) => {
    expect(rule({ path, text })).toHaveLength(1);
  });

  test('a job without expected.json is missed', () => {
    const paths = ['jobs/primes/job.ts', 'jobs/primes/expected.json', 'jobs/queens/job.ts'];
    expect(jobsWithoutExpectation(paths)).toEqual(['jobs/queens has no expected.json']);
  });

  test('generated files that differ, are missing or too many are noticed', () => {
    const expected = new Map(Object.entries({ same: 'a', old: 'b', missing: 'c' }));
    const actual = new Map(Object.entries({ same: 'a', old: 'B', extra: 'd' }));
    expect(differences(expected, actual)).toEqual([
      'extra should not be there',
      'missing is missing',
      'old is out of date',
    ]);
  });
});

test.each([
  [importsFollowTheLayers, 'src/cli/a.ts', "import '../transport/control-client.ts';"],
  [importsFollowTheLayers, 'src/storage/a.ts', "import { b } from '../wire/digest.ts';"],
  [importsFollowTheLayers, 'src/model/a.ts', "// import { hash } from 'node:crypto';"],
  [
    importsFollowTheLayers,
    'src/model/a.ts',
    "export type A = { t: 'a' };\nexport type B =\n  | 'b';",
  ],
  [importsFollowTheLayers, 'src/cli/a.ts', "new URL('../../package.json', import.meta.url)"],
  [protocolIsPure, 'src/protocol/a.ts', '// await a Date\nconst a = b.process; // Promise'],
  [protocolIsPure, 'src/protocol/a.ts', "const why = 'an async process';"],
  [protocolIsPure, 'src/runtime/a.ts', 'await Promise.all([]);'],
  [nothingIsLeftOver, 'test/a.test.ts', "if (!tool) ctx.skip('not installed');"],
  [noMachineIsNamed, 'src/a.ts', "join(tmpdir(), 'a'); '/data'; 'proto/work/x'"],
  [links, 'docs/a.md', '[here](../package.json#x) [out](https://example.org) `[no](link)`'],
] as const satisfies readonly Sample[])(
  'what is right is left alone: %o: %s: %j',
  (rule, path, text) => {
    expect(rule({ path, text })).toEqual([]);
  },
);

/** All but what `.gitignore` names, which is folders and suffixes. */
function repositoryFiles(): readonly SourceFile[] {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').trim().split('\n');
  const skipped = ['.git/', ...ignored].map((line) => line.replace(/\/$/, ''));
  return globSync('{.*,.*/**,**}', {
    cwd: root,
    exclude: skipped.flatMap((name) => [name, `**/${name}`]),
  })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(root, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function textsIn(folder: string): ReadonlyMap<string, string> {
  const paths = globSync('**/*.ts', { cwd: folder });
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
