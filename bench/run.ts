/**
 * `npm run bench`: all benchmarks, or those named. Prints a table and writes bench/results/*.json.
 * Numbers of different machines or hours do not compare; what is compared is measured in one run.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

import { crunching } from './crunching.ts';
import { dispatch } from './dispatch.ts';
import { efficiency } from './efficiency.ts';
import { memory } from './memory.ts';
import { merging } from './merging.ts';
import { overhead } from './overhead.ts';
import { overlay } from './overlay.ts';
import { signatures } from './signatures.ts';
import { startup } from './startup.ts';
import type { Benchmark, Figure } from './support.ts';
import { verification } from './verification.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  dispatch,
  memory,
  efficiency,
  startup,
  overhead,
  merging,
  crunching,
  overlay,
  verification,
  signatures,
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(
    `Unknown: ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(2);
}

const processor = cpus()[0]?.model ?? 'unknown CPU';
const machine = `${processor}, ${availableParallelism()} cores, Node ${process.version}`;
console.log(machine);
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n${name}: ${benchmark.about}`);
  const figures = await benchmark.run();
  for (const figure of figures) console.log(line(figure));
  if (figures.some((figure) => figure.mustMeet && isMissed(figure))) process.exitCode = 1;
  await write(name, { machine, at: new Date().toISOString(), about: benchmark.about, figures });
}

function line(figure: Figure): string {
  const { what, value, unit } = figure;
  const digits = value < 10 ? 3 : value < 100 ? 1 : 0;
  const number = value.toLocaleString('en', { maximumFractionDigits: digits });
  const measured = `${number} ${unit}`.trim().padStart(14);
  return `  ${what.padEnd(34)} ${measured}  ${verdict(figure)}`.trimEnd();
}

function verdict(figure: Figure): string {
  const { aim } = figure;
  if (aim === undefined) return '';
  const wanted = 'atLeast' in aim ? `>= ${aim.atLeast}` : `<= ${aim.atMost}`;
  return `aim ${wanted}: ${isMissed(figure) ? 'missed' : 'met'}`;
}

function isMissed({ value, aim }: Figure): boolean {
  if (aim === undefined) return false;
  return 'atLeast' in aim ? !(value >= aim.atLeast) : !(value <= aim.atMost);
}

async function write(name: string, record: object): Promise<void> {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}${name}.json`, `${JSON.stringify(record, undefined, 2)}\n`);
}
