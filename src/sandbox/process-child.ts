/**
 * One life of the sandbox's process: it is started, it is talked to over its channel, it dies, and
 * then it is known of what.
 */

import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { reasonOf } from '../model/errors.ts';
import { channelFd } from './channel.ts';
import type { ProcessCommand } from './process-command.ts';

/** How the process ended. */
export type Death = {
  /** For a person, after "the sandbox's process": "was killed by SIGKILL". */
  readonly reason: string;
  readonly outOfMemory: boolean;
};

/** In place of an answer that the process never gave. */
export class ProcessDied extends Error {
  readonly death: Death;

  constructor(death: Death) {
    super(`the sandbox's process ${death.reason}`);
    this.death = death;
  }
}

/** What it wrote to stderr last: what V8 says when memory is out is some 2 KiB. */
const stderrCharsMax = 4096;
/** It has nothing to say there but its last words. */
const stderrCharsInAllMax = 1024 * 1024;
/** A process that has exited leaves nothing open, unless it broke out and has children. */
const closingMsMax = 1000;

export class ProcessChild {
  /** Absent if it could not be started. */
  readonly socket: Socket | undefined;
  readonly died: Promise<Death>;
  readonly #child: ChildProcess | undefined;
  /** Why we killed it, if we did. */
  #killed: Death | undefined;
  #stderr = '';
  #stderrChars = 0;

  constructor(command: ProcessCommand) {
    let child: ChildProcess;
    try {
      child = start(command);
    } catch (error) {
      this.died = Promise.resolve(notStarted(error));
      return;
    }
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#takeStderr(text));
    const channel = child.stdio[channelFd];
    if (channel instanceof Socket) this.socket = channel;
    this.died = this.#untilDeath(child);
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Ends it at once, whatever it does.
   * @param death absent when it seems to be ending by itself: then how it ends is what is told
   */
  kill(death?: Death): void {
    this.#killed ??= death;
    this.#child?.kill('SIGKILL');
  }

  #takeStderr(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-stderrCharsMax);
    this.#stderrChars += text.length;
    if (this.#stderrChars <= stderrCharsInAllMax) return;
    this.kill({ reason: 'flooded its error stream and was stopped', outOfMemory: false });
  }

  async #untilDeath(child: ChildProcess): Promise<Death> {
    return new Promise((resolve) => {
      // Also when signals can't be sent, so only what comes before it has started is its end.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(notStarted(error));
      });
      child.once('exit', (code, signal) => {
        const killed = this.#killed;
        const finish = (): void => {
          clearTimeout(timer);
          child.stderr?.destroy();
          resolve(killed ?? deathOf(code, signal, this.#stderr));
        };
        const timer = setTimeout(finish, closingMsMax);
        child.once('close', finish);
        this.socket?.destroy();
      });
    });
  }
}

function start({ file, arguments: args, inherited }: ProcessCommand): ChildProcess {
  const nothing = inherited.length > 0 ? openSync('/dev/null', 'r') : undefined;
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'pipe'];
  for (let fd = channelFd + 1; fd <= Math.max(...inherited); fd += 1) {
    stdio.push(inherited.includes(fd) ? nothing : 'ignore');
  }
  try {
    const child = spawn(file, args, { env: {}, cwd: ownFolder, stdio });
    if (child.pid !== undefined) lowerPriority(child.pid);
    return child;
  } finally {
    if (nothing !== undefined) closeSync(nothing);
  }
}

/**
 * Where the process stands, a folder that it may read anyway: Node lets its threads read all that
 * is in there, whatever its permissions say (measured, Node 26.10).
 */
const ownFolder = dirname(fileURLToPath(import.meta.url));

/** Right after its start: a thread has the priority of the one that started it. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Where that can't be done, or no more since it is gone, it runs like anything else.
  }
}

function notStarted(error: unknown): Death {
  return { reason: `can't be started: ${reasonOf(error)}`, outOfMemory: false };
}

function deathOf(code: number | null, signal: string | null, stderr: string): Death {
  // V8 says so before it aborts.
  const outOfMemory = /heap out of memory|Out of memory/i.test(stderr);
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  const said = lastWords(stderr);
  return { reason: said === '' ? how : `${how}, saying: ${said}`, outOfMemory };
}

/** Stacks name the error in the midst of lines that say nothing to a person. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && !/^(?:at |Node\.js v|\^|----)/.test(line));
  return (telling.find((line) => /error/i.test(line)) ?? telling.at(-1) ?? '').slice(0, 300);
}
