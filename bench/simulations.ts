/**
 * Simulations in processes of their own: they use both cores, and what one of them allocates does
 * not slow down the next. This file is also what such a process runs.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import PQueue from 'p-queue';

import { churn } from '../test/support/simulator/scenarios/churn.ts';
import { crash } from '../test/support/simulator/scenarios/crash.ts';
import { grid } from '../test/support/simulator/scenarios/grid.ts';
import { hostility } from '../test/support/simulator/scenarios/hostility.ts';
import { partition } from '../test/support/simulator/scenarios/partition.ts';
import { reach } from '../test/support/simulator/scenarios/reach.ts';
import { scale } from '../test/support/simulator/scenarios/scale.ts';

type Simulations = {
  readonly churn: typeof churn;
  readonly crash: typeof crash;
  readonly grid: typeof grid;
  readonly hostility: typeof hostility;
  readonly partition: typeof partition;
  readonly reach: typeof reach;
  readonly scale: typeof scale;
};

type Name = keyof Simulations;
type OptionsOf<Which extends Name> = Parameters<Simulations[Which]>[0];
export type FiguresOf<Which extends Name> = ReturnType<Simulations[Which]>;

/** From options in JSON, as the other process was given them. */
const simulations: Readonly<Record<Name, (options: string) => object>> = {
  churn: (options) => churn(JSON.parse(options)),
  crash: (options) => crash(JSON.parse(options)),
  grid: (options) => grid(JSON.parse(options)),
  hostility: (options) => hostility(JSON.parse(options)),
  partition: (options) => partition(JSON.parse(options)),
  reach: (options) => reach(JSON.parse(options)),
  scale: (options) => scale(JSON.parse(options)),
};

/** What a simulation took of the real machine. */
export type Cost = { readonly cpuSeconds: number; readonly peakBytes: number };

/** As many at a time as there are processors. */
const processes = new PQueue({ concurrency: availableParallelism() });
/** Most objects of a simulation die young; with V8's 16 MiB for them, a tenth of the time is GC. */
const NODE_OPTIONS = ['--max-semi-space-size=64'];

/** @throws {Error} with what the simulation threw: a broken invariant, and how to have it again */
export async function simulate<Which extends Name>(
  which: Which,
  options: OptionsOf<Which>,
): Promise<FiguresOf<Which> & Cost> {
  return processes.add(async () => {
    const self = fileURLToPath(import.meta.url);
    const started = spawn(
      process.execPath,
      [...NODE_OPTIONS, self, which, JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [output, [code]] = await Promise.all([text(started.stdout), once(started, 'close')]);
    if (code !== 0) throw new Error(`${which} ${JSON.stringify(options)} failed`);
    return JSON.parse(output);
  });
}

function isName(name: string | undefined): name is Name {
  return name !== undefined && name in simulations;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , name, options = '{}'] = process.argv;
  if (!isName(name)) throw new Error(`there is no simulation ${name}`);
  const figures = simulations[name](options);
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ ...figures, cpuSeconds, peakBytes }));
}
