/**
 * The sandbox, where programs of strangers compute, and where a requester's own split and merge
 * run: a process of its own that can do nothing but compute (`process-command.ts`), with threads in
 * it (`thread-sandbox.ts`).
 */

import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Sandbox } from '../ports.ts';
import { processCommand, type ProcessCommand } from './process-command.ts';
import { healthDefaults, type HealthOptions } from './process-health.ts';
import { ProcessSandbox } from './process-sandbox.ts';

const MiB = 1024 * 1024;

export type SandboxOptions = Partial<HealthOptions> & {
  /** Threads that compute; 0 for a peer that only asks. */
  readonly slots: number;
  /** What this peer gives a chunk; a job that asks for more gets this much. */
  readonly limits?: Partial<ChunkLimits>;
  /** How long `split` may run without yielding or reading. */
  readonly splitIdleMsMax?: number;
  /** How long `merge` may run without asking for a result. */
  readonly mergeIdleMsMax?: number;
  /** How long the process may have nothing to do before it is ended, until there is something. */
  readonly idleMsMax?: number;
};

export type SandboxComponents = {
  /** What is run as the sandbox's process. */
  readonly command?: ProcessCommand;
  /** Told each time that the process died and will be started again, in words for a person. */
  readonly onTrouble?: (trouble: string) => void;
  /** Told each time that the process was ended because there is nothing to do. */
  readonly onRest?: () => void;
};

const chunkLimitsDefault: ChunkLimits = {
  /** As long as a job can ask for. */
  wallMsMax: 2 ** 32 - 1,
  memoryBytesMax: 512 * MiB,
  resultBytesMax: limits.resultBytesMax,
  stderrBytesMax: limits.stderrBytesMax,
};

const splitIdleMsMaxDefault = 30_000;
/** Its last step may well be the longest: compressing a picture, sorting what was gathered. */
const mergeIdleMsMaxDefault = 120_000;
/**
 * A process that waits holds some 100 MB, most of it with its threads after a job, and starting it
 * takes half a second. A peer that is idle for a minute may well be for a day. A guess.
 */
const idleMsMaxDefault = 60_000;

export function createSandbox(
  options: SandboxOptions,
  {
    command = processCommand(),
    onTrouble = () => undefined,
    onRest = () => undefined,
  }: SandboxComponents = {},
): Sandbox {
  return new ProcessSandbox(
    {
      ...healthDefaults,
      splitIdleMsMax: splitIdleMsMaxDefault,
      mergeIdleMsMax: mergeIdleMsMaxDefault,
      idleMsMax: idleMsMaxDefault,
      ...options,
      limits: { ...chunkLimitsDefault, ...options.limits },
    },
    { command, onTrouble, onRest },
  );
}
