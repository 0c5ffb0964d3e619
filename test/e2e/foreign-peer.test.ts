/**
 * A peer that shares no code with this project: `proto/` with its comments, and libraries for gRPC,
 * X.509 and CBOR. It joins the overlay, hears of a job, and computes it in its own way.
 */

import 'reflect-metadata';
import { createHash, KeyObject, sign, webcrypto } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import {
  type ClientDuplexStream,
  Client,
  type ClientReadableStream,
  credentials,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import * as x509 from '@peculiar/x509';
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { expect, onTestFinished, test } from 'vitest';

import { openGridPem } from '../../src/transport/open-grid.ts';
import { jobState, manyhands, startPeer } from '../support/grid-process.ts';

const squares = fileURLToPath(new URL('../support/jobs/squares.ts', import.meta.url));

const proto = loadSync(
  ['overlay', 'work', 'blobs'].map((name) => `manyhands/v1/${name}.proto`),
  {
    includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
    longs: Number,
    enums: String,
    defaults: true,
    arrays: true,
  },
);

type Message = Record<string, unknown>;

test('a peer written from proto/ alone computes half of every vote', async () => {
  const requester = await startPeer();
  const foreign = await ForeignPeer.create();
  await foreign.join(requester.address);
  const count = 120;
  const policy = ['--trust', 'quorum:2', '--json'];
  const submitted = manyhands([
    '--data',
    requester.dataPath,
    'submit',
    squares,
    `count=${count}`,
    ...policy,
  ]);
  const offer = await foreign.offer;
  expect(await foreign.fetchProgram(offer)).toBe(true);
  await foreign.computeUntilEnded(offer);
  const { code, stderr } = await submitted;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const [job] = (await requester.control.listJobs()).jobs;
  expect(job).toMatchObject({ state: 'done', accepted: count, disputes: 0 });
  expect(job?.contributions.find(({ peerId }) => peerId === foreign.peerId)).toMatchObject({
    returned: count,
    accepted: count,
    lost: 0,
  });
});

test('who signs for other work than it was leased is parted with, and not heard', async () => {
  const requester = await startPeer();
  const foreign = await ForeignPeer.create();
  foreign.program = Buffer.alloc(32, 7);
  await foreign.join(requester.address);
  // Two have to agree: without the foreign peer nothing is decided, and the job can't end early.
  const policy = ['--trust', 'quorum:2', '--detach'];
  const submit = ['--data', requester.dataPath, 'submit', squares, 'count=9', ...policy];
  const { stdout: id } = await manyhands(submit);
  const offer = await foreign.offer;
  await expect(foreign.computeUntilEnded(offer)).rejects.toThrow('the requester ended the stream');
  const job = await jobState(requester.control, id.trim(), ({ contributions }) =>
    contributions.some(({ peerId, returned }) => peerId !== foreign.peerId && returned === 9),
  );
  expect(job).toMatchObject({ state: 'running', accepted: 0 });
  const heard = job.contributions.find(({ peerId }) => peerId === foreign.peerId)?.returned;
  expect(heard ?? 0).toBe(0);
});

class ForeignPeer {
  readonly peerId: string;
  /** What it says to have run, if not the job's own program. */
  program: Buffer | undefined;
  readonly #spki: Buffer;
  readonly #privateKey: KeyObject;
  readonly #leaf: string;
  readonly #accepted = Promise.withResolvers<void>();
  readonly #offer = Promise.withResolvers<Message>();

  private constructor(spki: Buffer, privateKey: KeyObject, leaf: string) {
    this.peerId = base32(sha256(spki));
    this.#spki = spki;
    this.#privateKey = privateKey;
    this.#leaf = leaf;
  }

  /** The first that is heard of. */
  get offer(): Promise<Message> {
    return this.#offer.promise;
  }

  /** A key, and a leaf for it under the open grid's authority, whose key everybody has. */
  static async create(): Promise<ForeignPeer> {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const [certificatePem = '', keyPem = ''] = openGridPem.split(/(?=-----BEGIN PRIVATE KEY-----)/);
    const authority = new x509.X509Certificate(certificatePem);
    const signingKey = await webcrypto.subtle.importKey(
      'pkcs8',
      Buffer.from(keyPem.replaceAll(/-----.*-----|\s/g, ''), 'base64'),
      algorithm,
      false,
      ['sign'],
    );
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: '01',
      subject: 'CN=foreign',
      issuer: authority.subject,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 3_600_000),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'peer.manyhands.internal' },
        ]),
      ],
    });
    const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
    return new ForeignPeer(spki, KeyObject.from(keys.privateKey), leaf.toString('pem'));
  }

  /** Joins the overlay, and stays a neighbour until the test ends. */
  async join(address: string): Promise<void> {
    const stream = this.#duplex(address, 'Overlay', 'Exchange');
    stream.on('error', (error) => {
      this.#accepted.reject(error);
      this.#offer.reject(error);
    });
    stream.on('data', ({ frame }: Message) => {
      for (const answer of this.#answers(message(frame))) stream.write({ frame: answer });
    });
    stream.write({ frame: { hello: { protocolVersions: [1] } } });
    await this.#accepted.promise;
  }

  #answers(frame: Message): readonly Message[] {
    const { hello, accept, ping, have, gossip, shuffle } = frame;
    if (accept) this.#accepted.resolve();
    if (gossip) {
      const { payload } = message(message(gossip)['offer']);
      this.#offer.resolve(read('Offer', bytes(payload)));
    }
    if (hello) return [{ join: { record: this.#record() } }];
    if (ping) return [{ pong: { id: message(ping)['id'] } }];
    if (have) return [{ graft: { offers: list(have, 'offers').map(({ name }) => name) } }];
    if (shuffle) {
      const { id, path } = message(shuffle);
      return [{ shuffleReply: { id, path, records: [this.#record()] } }];
    }
    return [];
  }

  /** Nobody can dial this peer, and it says so. */
  #record(): Message {
    const nowMs = Date.now();
    const record = { sequence: nowMs, expiresAtMs: nowMs + 3_600_000, features: ['computes'] };
    const payload = type('PeerRecord').serialize(record);
    return { payload, publicKey: this.#spki, signature: this.#sign('peer-record', payload) };
  }

  #sign(what: string, payload: Buffer): Buffer {
    const covered = Buffer.concat([Buffer.from(`manyhands/v1/${what}\0`), payload]);
    return sign('sha256', covered, this.#privateKey);
  }

  async fetchProgram(offer: Message): Promise<boolean> {
    const client = this.#client(addressOf(offer));
    const { path, requestSerialize, responseDeserialize } = method('Blobs', 'Fetch');
    const request = { digest: offer['programDigest'], offset: 0 };
    const pieces: ClientReadableStream<object> = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
    );
    const hash = createHash('sha256');
    for await (const { piece } of pieces) hash.update(piece);
    return hash.digest().equals(bytes(offer['programDigest']));
  }

  async computeUntilEnded(offer: Message): Promise<void> {
    const jobId = bytes(offer['jobId']);
    const stream = this.#duplex(addressOf(offer), 'Work', 'Compute');
    stream.write({ hello: { protocolVersions: [1] } });
    for await (const frame of stream) {
      if (frame['hello']) stream.write({ ask: { jobId, count: 50 } });
      if (frame['jobEnded']) return;
      if (frame['ping']) stream.write({ pong: { id: message(frame['ping'])['id'] } });
      const leases = list(frame['leases'], 'leases');
      if (leases.length === 0) continue;
      stream.write({ results: this.#compute(offer, leases) });
      stream.write({ ask: { jobId, count: leases.length } });
    }
    throw new Error('the requester ended the stream');
  }

  /** The square, without running the job's program. */
  #compute(offer: Message, leases: readonly Message[]): Message {
    const program = this.program ?? bytes(offer['programDigest']);
    const noSetup = Buffer.alloc(32);
    const memory = Buffer.alloc(8);
    memory.writeBigUInt64BE(BigInt(Number(message(offer['limits'])['memoryBytesMax'])));
    const values = leases.map(({ input }) => {
      const n = Number(message(decode(bytes(input)))['n']);
      return Buffer.from(encode(n * n, rfc8949EncodeOptions));
    });
    const replicas = leases.map(({ leaseId, chunk, input }, index) => ({
      leaseId,
      chunk,
      digest: sha256(bytes(values[index])),
      workDigest: sha256(program, noSetup, sha256(bytes(input)), memory),
    }));
    const statement = type('ResultStatement').serialize({
      jobId: offer['jobId'],
      replicas,
    });
    return { statement, signature: this.#sign('results', statement), values };
  }

  #client(address: string): Client {
    const [authority = ''] = openGridPem.split('-----BEGIN PRIVATE KEY-----');
    const client = new Client(
      address,
      credentials.createSsl(
        Buffer.from(authority),
        Buffer.from(this.#privateKey.export({ format: 'pem', type: 'pkcs8' })),
        Buffer.from(this.#leaf),
      ),
      { 'grpc.ssl_target_name_override': 'peer.manyhands.internal' },
    );
    onTestFinished(() => client.close());
    return client;
  }

  #duplex(address: string, service: string, name: string): ClientDuplexStream<object, Message> {
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    return this.#client(address).makeBidiStreamRequest(path, requestSerialize, (buffer) =>
      message(responseDeserialize(buffer)),
    );
  }
}

function method(service: string, name: string): ServiceDefinition[string] {
  const found = proto[`manyhands.v1.${service}`];
  const definition = found !== undefined && !('format' in found) ? found[name] : undefined;
  if (definition === undefined) throw new Error(`proto/ has no ${service}.${name}`);
  return definition;
}

function type(name: string): MessageTypeDefinition<object, object> {
  const found = proto[`manyhands.v1.${name}`];
  if (found === undefined || !isMessageType(found)) throw new Error(`proto/ has no ${name}`);
  return found;
}

function isMessageType(definition: object): definition is MessageTypeDefinition<object, object> {
  return 'serialize' in definition;
}

function read(name: string, buffer: Buffer): Message {
  return message(type(name).deserialize(buffer));
}

function addressOf(offer: Message): string {
  const { addresses } = offer;
  return Array.isArray(addresses) ? String(addresses[0]) : '';
}

function message(value: unknown): Message {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function list(value: unknown, field: string): readonly Message[] {
  const items = message(value)[field];
  return Array.isArray(items) ? items.map(message) : [];
}

function bytes(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new Error('bytes were expected');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function base32(from: Buffer): string {
  let bits = '';
  for (const byte of from) bits += byte.toString(2).padStart(8, '0');
  const groups = bits.match(/.{1,5}/g) ?? [];
  const letter = (group: string): string =>
    'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(group.padEnd(5, '0'), 2));
  return groups.map(letter).join('');
}
