/**
 * A volunteer that computes nothing: it knows what the no-op job returns. It has a real transport
 * and a real signature, and does with its leases what a benchmark wants: returns them all, or keeps
 * them. Many fit in this process, where real ones would compete with what is measured.
 */

import { EventEmitter, once } from 'node:events';

import type { JobId, PeerId } from '../src/model/ids.ts';
import type { RequesterMessage, TransportEvent } from '../src/model/messages.ts';
import { limits } from '../src/model/limits.ts';
import type { LeasedChunk, ReplicaResult } from '../src/model/replica.ts';
import type { Transport } from '../src/ports.ts';
import { loadGrid } from '../src/transport/grid.ts';
import { temporaryIdentity } from '../src/transport/identity.ts';
import { createPeerTransport } from '../src/transport/peer-transport.ts';
import { digestOf } from '../src/wire/digest.ts';
import type { WorkDigests } from '../src/wire/work-digest.ts';

const clock = { nowMs: () => performance.now(), unixMs: () => Date.now() };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export class ScriptedVolunteer {
  readonly #transport: Transport;
  readonly #requester: PeerId;
  readonly #workOf: WorkDigests;
  readonly #news = new EventEmitter();
  #isUp = false;
  #gone: string | undefined;
  /** Of what it asked for. */
  #leases = 0;
  #use: ((chunks: readonly LeasedChunk[]) => void) | undefined;

  static async connect(
    requester: { readonly peer: PeerId; readonly address: string },
    workOf: WorkDigests,
  ): Promise<ScriptedVolunteer> {
    const transport = await createPeerTransport(
      { listen: '127.0.0.1:0', advertise: [] },
      {
        identity: temporaryIdentity(),
        grid: await loadGrid(undefined),
        log: silent,
        blobs: () => Promise.resolve(undefined),
        clock,
      },
    );
    const volunteer = new ScriptedVolunteer(transport, requester.peer, workOf);
    await transport.listen((event) => volunteer.#receive(event));
    transport.openWork(requester.peer, [requester.address]);
    await volunteer.#until(() => volunteer.#isUp);
    return volunteer;
  }

  private constructor(transport: Transport, requester: PeerId, workOf: WorkDigests) {
    this.#transport = transport;
    this.#requester = requester;
    this.#workOf = workOf;
  }

  /** Has so many leases of the job, and returns none of them. */
  async keep(job: JobId, count: number): Promise<void> {
    await this.#take(job, count, () => undefined);
  }

  /** Returns so many results, which are right. */
  async compute(job: JobId, count: number): Promise<void> {
    await this.#take(job, count, (chunks) => {
      for (let from = 0; from < chunks.length; from += limits.statementReplicasMax) {
        const some = chunks.slice(from, from + limits.statementReplicasMax);
        const replicas = some.map((chunk) => this.#resultOf(chunk));
        const [signed] = this.#transport.signResults({ job, replicas });
        if (signed === undefined) throw new Error('a frame without results');
        const frame = { job, replicas, signed };
        this.#transport.sendToRequester(this.#requester, { type: 'results', frame });
      }
    });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #take(
    job: JobId,
    count: number,
    use: (chunks: readonly LeasedChunk[]) => void,
  ): Promise<void> {
    this.#use = use;
    for (let left = count; left > 0;) {
      const asked = Math.min(left, limits.leasesHeldMax);
      this.#leases = 0;
      this.#send({ type: 'ask', job, count: asked });
      await this.#until(() => this.#leases >= asked);
      left -= asked;
    }
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#gone !== undefined) throw new Error(`the requester has gone: ${this.#gone}`);
      await once(this.#news, 'news');
    }
  }

  #resultOf({ lease, chunk, input }: LeasedChunk): ReplicaResult {
    const outcome = { type: 'result', digest: digestOf(input), value: input } as const;
    return { lease, chunk, outcome, computeMs: 1, work: this.#workOf(input) };
  }

  #send(message: Parameters<Transport['sendToRequester']>[1]): void {
    this.#transport.sendToRequester(this.#requester, message);
  }

  #receive(event: TransportEvent): void {
    if (event.type === 'requester-up') this.#isUp = true;
    if (event.type === 'requester-down') this.#gone = event.reason;
    if (event.type === 'requester-message') this.#hear(event.message);
    this.#news.emit('news');
  }

  #hear(message: RequesterMessage): void {
    if (message.type === 'ping') this.#send({ type: 'pong', id: message.id });
    if (message.type !== 'leases') return;
    this.#leases += message.chunks.length;
    this.#use?.(message.chunks);
  }
}
