/**
 * What a peer and its sandbox's process say to each other. Heads of frames; what "body" is said of
 * travels beside the head (`channel.ts`).
 *
 * The process obeys the peer. The peer believes nothing: programs of strangers run over there, and
 * one that has broken out of its compartment or its module can send whatever it likes. So
 * `readMessage` checks every field of what comes, and whoever waits for it checks that it was its
 * turn. The first thing that doesn't fit costs the process its life.
 */

import type { JobId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import { type ProgramKey, type ScriptFunction, scriptFunctions } from '../model/program.ts';
import { failureKinds, type Failure } from '../model/replica.ts';
import { isRecord } from './shapes.ts';
import type { StepToStart, ThreadSandboxOptions } from './thread-sandbox.ts';

export type SandboxSettings = Omit<ThreadSandboxOptions, 'onStuckThread'>;

/** A program without its bytes: these follow as parts, the script or module first. */
export type ProgramHead =
  | {
      readonly runtime: 'javascript';
      readonly key: ProgramKey;
      readonly functions: readonly ScriptFunction[];
    }
  | {
      readonly runtime: 'wasi';
      readonly key: ProgramKey;
      readonly arguments: readonly string[];
      readonly environment: readonly string[];
      /** Of its data files, in the order of their parts. */
      readonly paths: readonly string[];
    };

/** Its parameters are the body. */
export type StepHead = Omit<StepToStart, 'params'>;

/** Peer to process. Each `id` names one load, run, step or ping of this process's life. */
export type ToProcess =
  /** The first message. */
  | { readonly type: 'configure'; readonly settings: SandboxSettings }
  | { readonly type: 'ping'; readonly id: number }
  | {
      readonly type: 'load';
      readonly id: number;
      readonly program: ProgramHead;
      readonly limits: ChunkLimits;
    }
  /** The load's next part begins; so many bytes follow in pieces. */
  | { readonly type: 'part'; readonly id: number; readonly bytes: number }
  /** The body is the part's next bytes. */
  | { readonly type: 'piece'; readonly id: number }
  /** Its bytes can't be had. */
  | { readonly type: 'abandon-load'; readonly id: number }
  /** So many chunks of a job; their inputs follow. */
  | {
      readonly type: 'run';
      readonly id: number;
      readonly job: JobId;
      readonly program: ProgramKey;
      readonly call?: 'equals' | 'verify';
      readonly limits: ChunkLimits;
      readonly count: number;
    }
  /** The run's next chunks by their numbers, and where in the body each one's input ends. */
  | {
      readonly type: 'inputs';
      readonly id: number;
      readonly chunks: readonly number[];
      readonly ends: readonly number[];
    }
  /** The run's chunks come back as `returned`. */
  | { readonly type: 'stop'; readonly id: number }
  /** The body is the job's parameters. */
  | { readonly type: 'step'; readonly id: number; readonly step: StepHead }
  /** What the step waits for. */
  | { readonly type: 'answer'; readonly id: number; readonly answer: StepAnswer }
  | { readonly type: 'end-step'; readonly id: number };

export type StepAnswer =
  | { readonly type: 'pull' }
  /** The body is the input's next piece, unless it has ended. */
  | { readonly type: 'input'; readonly ended: boolean }
  /** The body is the next results, unless they have ended. */
  | { readonly type: 'results'; readonly ended: boolean; readonly ends: readonly number[] };

/** How a chunk ended, as a number: its place in this list. */
export const outcomeKinds = ['result', 'returned', ...failureKinds] as const;

export type OutcomeKind = (typeof outcomeKinds)[number];

/** Process to peer. */
export type FromProcess =
  /** It has loaded its own code and takes messages. */
  | { readonly type: 'ready' }
  /** Answers `ping`. */
  | { readonly type: 'pong'; readonly id: number; readonly memoryBytes: number }
  /** Answers `load`. */
  | { readonly type: 'loaded'; readonly id: number; readonly failure: Failure }
  /** The same: it can run. `exports` of a script, of what jobs use. */
  | {
      readonly type: 'loaded';
      readonly id: number;
      readonly failure?: undefined;
      readonly exports: readonly ScriptFunction[];
    }
  /** Answers `run`: it doesn't have the program, or no longer. */
  | { readonly type: 'program-missing'; readonly id: number }
  /**
   * Answers `run`, in the order of its chunks, as many times as it takes. The body has the results;
   * for a failure its detail, in UTF-8.
   */
  | {
      readonly type: 'outcomes';
      readonly id: number;
      readonly kinds: readonly number[];
      readonly computeMs: readonly number[];
      readonly ends: readonly number[];
    }
  /** Answers `step` and `answer`, one for each. */
  | { readonly type: 'said'; readonly id: number; readonly said: StepSaid }
  /** Answers `end-step`: its thread is gone. */
  | { readonly type: 'step-ended'; readonly id: number };

export type StepSaid =
  | { readonly type: 'input-wanted' }
  | { readonly type: 'results-wanted' }
  /** The body has the chunks' inputs. */
  | { readonly type: 'chunks'; readonly ended: boolean; readonly ends: readonly number[] }
  /** The body is the next piece of what `merge` returned, of `bytes` in all; `pull` brings more. */
  | {
      readonly type: 'output';
      readonly kind: 'bytes' | 'text' | 'json';
      readonly bytes: number;
    }
  | { readonly type: 'failed'; readonly reason: string };

/** @returns undefined for what the process can't have meant */
export function readMessage(head: unknown, bodyBytes: number): FromProcess | undefined {
  if (!isRecord(head)) return undefined;
  const { type, id } = head;
  if (type === 'ready') return { type };
  if (!isCount(id)) return undefined;
  switch (type) {
    case 'pong': {
      const { memoryBytes } = head;
      return isCount(memoryBytes) ? { type, id, memoryBytes } : undefined;
    }
    case 'loaded':
      return readLoaded(head, id);
    case 'program-missing':
    case 'step-ended':
      return { type, id };
    case 'outcomes': {
      const { kinds, computeMs, ends } = head;
      const fits =
        areEnds(ends, bodyBytes) &&
        isListOf(kinds, isOutcomeKind) &&
        isListOf(computeMs, isDuration) &&
        kinds.length === ends.length &&
        computeMs.length === ends.length;
      return fits ? { type, id, kinds, computeMs, ends } : undefined;
    }
    case 'said': {
      const said = readSaid(head['said'], bodyBytes);
      return said && { type, id, said };
    }
    default:
      return undefined;
  }
}

function readLoaded({ failure, exports }: Fields, id: number): FromProcess | undefined {
  if (failure === undefined) {
    return isListOf(exports, isScriptFunction) ? { type: 'loaded', id, exports } : undefined;
  }
  if (!isRecord(failure)) return undefined;
  const { kind, detail } = failure;
  const known = failureKinds.find((name) => name === kind);
  if (known === undefined || !isReason(detail)) return undefined;
  return { type: 'loaded', id, failure: { kind: known, detail } };
}

function readSaid(said: unknown, bodyBytes: number): StepSaid | undefined {
  if (!isRecord(said)) return undefined;
  const { type } = said;
  switch (type) {
    case 'input-wanted':
    case 'results-wanted':
      return { type };
    case 'chunks': {
      const { ended, ends } = said;
      if (typeof ended !== 'boolean' || !areEnds(ends, bodyBytes)) return undefined;
      return { type, ended, ends };
    }
    case 'output': {
      const { kind, bytes } = said;
      if (kind !== 'bytes' && kind !== 'text' && kind !== 'json') return undefined;
      return isCount(bytes) ? { type, kind, bytes } : undefined;
    }
    case 'failed': {
      const { reason } = said;
      return isReason(reason) ? { type, reason } : undefined;
    }
    default:
      return undefined;
  }
}

type Fields = { readonly [name: string]: unknown };

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isOutcomeKind(value: unknown): value is number {
  return isCount(value) && value < outcomeKinds.length;
}

function isScriptFunction(value: unknown): value is ScriptFunction {
  return scriptFunctions.some((name) => name === value);
}

/** A step's reason names the step before what the program's failure says. */
const reasonCharsMax = 2 * limits.reasonCharsMax;

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value.length <= reasonCharsMax;
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= limits.frameItemsMax && value.every(isItem);
}

/** Ends of items that fill the body, each not before the one before it. */
function areEnds(value: unknown, bodyBytes: number): value is readonly number[] {
  if (!isListOf(value, isCount)) return false;
  const ordered = value.every((end, index) => end >= (value[index - 1] ?? 0));
  return ordered && (value.at(-1) ?? 0) === bodyBytes;
}
