/**
 * Keeps one sandbox process running: starts it, and starts it again when it has died, hung, taken
 * too much memory or sent what it must not. It waits longer from time to time, so that a process
 * that can't live costs the machine nothing.
 */

import type { ProcessCommand } from './process-command.ts';
import { type Death, ProcessChild, ProcessDied } from './process-child.ts';
import { ProcessClient } from './process-client.ts';
import { type HealthOptions, ProcessHealth } from './process-health.ts';
import type { SandboxSettings } from './process-messages.ts';

/** Starts that came to nothing, in a row, after which nobody waits for the next one. */
const failedStartsMax = 3;

export type SupervisorComponents = {
  readonly command: ProcessCommand;
  readonly settings: SandboxSettings;
  /** What the process may have right now. */
  readonly memoryBytesMax: () => number;
  readonly onUp: () => void;
  /** It had been up. */
  readonly onDown: (death: Death) => void;
  /** It died or could not be started, and will be started again; in words for a person. */
  readonly onTrouble: (trouble: string) => void;
  /** It was ended because there is nothing to do. */
  readonly onRest: () => void;
  /** It can't be started, as far as can be seen; `onUp` may follow all the same. */
  readonly onUnstartable: () => void;
};

export class ProcessSupervisor {
  readonly #options: HealthOptions;
  readonly #components: SupervisorComponents;
  #child: ProcessChild | undefined;
  #client: ProcessClient | undefined;
  #restart: NodeJS.Timeout | undefined;
  #upSinceMs = 0;
  /** Without a time of being up for long in between. */
  #deathsInARow = 0;
  #failedStarts = 0;
  #starts = 0;
  #rests = 0;
  /** What was ended by `rest` and is not gone yet. */
  #resting: ProcessChild | undefined;
  /** It was asked for since. */
  #isWantedAgain = false;
  #trouble: string | undefined;
  #closed = false;

  constructor(options: HealthOptions, components: SupervisorComponents) {
    this.#options = options;
    this.#components = components;
  }

  /** Undefined while the process isn't up. */
  get client(): ProcessClient | undefined {
    return this.#client;
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1 - this.#rests);
  }

  /** Why it isn't up, for a person; undefined while it is. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get isUnstartable(): boolean {
    return this.#failedStarts >= failedStartsMax;
  }

  /** Costs nothing when it has been started. */
  start(): void {
    if (this.#resting !== undefined) this.#isWantedAgain = true;
    if (this.#child !== undefined || this.#restart !== undefined || this.#closed) return;
    this.#starts += 1;
    const child = new ProcessChild(this.#components.command);
    this.#child = child;
    const { client, health } = this.#attend(child);
    void child.died.then((death) => {
      health?.stop();
      this.#child = undefined;
      if (this.#resting === child) this.#hasRested();
      else this.#died(death);
      client?.close(new ProcessDied(death));
    });
  }

  /** Ends it until it is started again, which nobody is told of. To be called when it is idle. */
  rest(): void {
    if (this.#client === undefined) return;
    this.#client = undefined;
    this.#resting = this.#child;
    this.#child?.kill({ reason: 'was ended since it had nothing to do', outOfMemory: false });
  }

  /** Ends the process. Nothing is reported any more. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#child?.kill({ reason: 'was ended with its peer', outOfMemory: false });
    await this.#child?.died;
  }

  #attend(child: ProcessChild): { client?: ProcessClient; health?: ProcessHealth } {
    const { socket, pid } = child;
    if (socket === undefined || pid === undefined) return {};
    const { settings, memoryBytesMax } = this.#components;
    const client = new ProcessClient(socket, settings, {
      onReady: () => this.#ready(client),
      onBreach: (reason) => {
        if (reason === undefined) child.kill();
        else child.kill({ reason: `was stopped, because it ${reason}`, outOfMemory: false });
      },
    });
    const onSick = (death: Death): void => child.kill(death);
    const health = new ProcessHealth(this.#options, { client, pid, memoryBytesMax, onSick });
    return { client, health };
  }

  #ready(client: ProcessClient): void {
    if (this.#closed) return;
    this.#client = client;
    this.#upSinceMs = performance.now();
    this.#failedStarts = 0;
    this.#trouble = undefined;
    this.#components.onUp();
  }

  #hasRested(): void {
    this.#rests += 1;
    this.#resting = undefined;
    if (this.#isWantedAgain) this.start();
    else this.#components.onRest();
    this.#isWantedAgain = false;
  }

  #died(death: Death): void {
    const wasUp = this.#client !== undefined;
    const upMs = wasUp ? performance.now() - this.#upSinceMs : 0;
    this.#client = undefined;
    this.#trouble = `The sandbox's process ${death.reason}.`;
    if (this.#closed) return;
    this.#deathsInARow = upMs >= steadyMs ? 1 : this.#deathsInARow + 1;
    if (!wasUp) this.#failedStarts += 1;
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.start();
    }, restartDelayMs(this.#deathsInARow));
    this.#components.onTrouble(this.#trouble);
    if (wasUp) this.#components.onDown(death);
    else if (this.isUnstartable) this.#components.onUnstartable();
  }
}

/** A process that was up for so long begins with a clean record. */
const steadyMs = 60_000;
const restartMsMin = 100;
/** A machine that can't start one now is asked twice a minute. */
const restartMsMax = 30_000;

/** Twice as long each time. @param deaths in a row, at least 1 */
export function restartDelayMs(deaths: number): number {
  return Math.min(restartMsMin * 2 ** (deaths - 1), restartMsMax);
}
