/**
 * The services and messages of `proto/`, loaded once at the first use. The loader reads the .proto
 * files themselves, so that reflection can show them and no generated code runs; the generated
 * types only tell the compiler what the loader delivers. Rejected: protoc plugins, whose output
 * would be a second copy of the protocol to keep in step.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ServiceDefinition } from '@grpc/grpc-js';
import {
  loadSync,
  type MessageTypeDefinition,
  type Options,
  type PackageDefinition,
} from '@grpc/proto-loader';

import type { ControlDefinition } from './generated/manyhands/control/v1/Control.ts';
import type { AuditRecord, AuditRecord__Output } from './generated/manyhands/v1/AuditRecord.ts';
import type { AuditSeal, AuditSeal__Output } from './generated/manyhands/v1/AuditSeal.ts';
import type { BlobsDefinition } from './generated/manyhands/v1/Blobs.ts';
import type { Evidence, Evidence__Output } from './generated/manyhands/v1/Evidence.ts';
import type { Offer, Offer__Output } from './generated/manyhands/v1/Offer.ts';
import type { OverlayDefinition } from './generated/manyhands/v1/Overlay.ts';
import type { PeerRecord, PeerRecord__Output } from './generated/manyhands/v1/PeerRecord.ts';
import type { Receipt, Receipt__Output } from './generated/manyhands/v1/Receipt.ts';
import type {
  ResultStatement,
  ResultStatement__Output,
} from './generated/manyhands/v1/ResultStatement.ts';
import type { Setup, Setup__Output } from './generated/manyhands/v1/Setup.ts';
import type { WorkDefinition } from './generated/manyhands/v1/Work.ts';

/** What peers say to each other. */
export type PeerProto = {
  readonly overlay: OverlayDefinition;
  readonly work: WorkDefinition;
  readonly blobs: BlobsDefinition;
  /** Messages that are signed, and so travel as bytes inside others. */
  readonly offer: MessageTypeDefinition<Offer, Offer__Output>;
  readonly peerRecord: MessageTypeDefinition<PeerRecord, PeerRecord__Output>;
  readonly receipt: MessageTypeDefinition<Receipt, Receipt__Output>;
  readonly evidence: MessageTypeDefinition<Evidence, Evidence__Output>;
  readonly resultStatement: MessageTypeDefinition<ResultStatement, ResultStatement__Output>;
  readonly auditSeal: MessageTypeDefinition<AuditSeal, AuditSeal__Output>;
  /** A message that is a blob of its own. */
  readonly setup: MessageTypeDefinition<Setup, Setup__Output>;
  /** What an audit file consists of. */
  readonly auditRecord: MessageTypeDefinition<AuditRecord, AuditRecord__Output>;
  /** Everything, as the reflection service wants it. */
  readonly definition: PackageDefinition;
};

/** The services between peers and their free-standing messages. */
export function loadPeerProto(): PeerProto {
  return (peerProto ??= readPeerProto());
}

/** The service between the CLI and its local peer. */
export function loadControl(): ControlDefinition {
  return (control ??= readControl());
}

let peerProto: PeerProto | undefined;
let control: ControlDefinition | undefined;

function readPeerProto(): PeerProto {
  const files = ['overlay', 'work', 'blobs', 'audit'];
  const definition = read(files.map((name) => `manyhands/v1/${name}.proto`));
  return {
    overlay: service<OverlayDefinition>(definition, 'manyhands.v1.Overlay', ['Exchange']),
    work: service<WorkDefinition>(definition, 'manyhands.v1.Work', ['Compute', 'Put']),
    blobs: service<BlobsDefinition>(definition, 'manyhands.v1.Blobs', ['Fetch']),
    offer: message<Offer, Offer__Output>(definition, 'manyhands.v1.Offer'),
    peerRecord: message<PeerRecord, PeerRecord__Output>(definition, 'manyhands.v1.PeerRecord'),
    receipt: message<Receipt, Receipt__Output>(definition, 'manyhands.v1.Receipt'),
    evidence: message<Evidence, Evidence__Output>(definition, 'manyhands.v1.Evidence'),
    resultStatement: message<ResultStatement, ResultStatement__Output>(
      definition,
      'manyhands.v1.ResultStatement',
    ),
    auditSeal: message<AuditSeal, AuditSeal__Output>(definition, 'manyhands.v1.AuditSeal'),
    setup: message<Setup, Setup__Output>(definition, 'manyhands.v1.Setup'),
    auditRecord: message<AuditRecord, AuditRecord__Output>(definition, 'manyhands.v1.AuditRecord'),
    definition,
  };
}

function readControl(): ControlDefinition {
  const definition = read(['manyhands/control/v1/control.proto']);
  return service<ControlDefinition>(definition, 'manyhands.control.v1.Control', [
    'Submit',
    'Watch',
    'Status',
  ]);
}

function read(files: readonly string[]): PackageDefinition {
  return loadSync([...files], { ...loaderOptions, includeDirs: [protoDirectory()] });
}

/** Equal to the flags in scripts/generate.sh: the generated types describe what these deliver. */
const loaderOptions: Options = {
  longs: Number,
  enums: String,
  bytes: Buffer,
  oneofs: true,
  defaults: true,
  arrays: true,
};

/** The package's `proto`, whether this file runs from `src/wire` or compiled from `dist`. */
function protoDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'proto', 'manyhands', 'v1'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no proto/ above ${fileURLToPath(import.meta.url)}`);
    directory = parent;
  }
  return join(directory, 'proto');
}

/** The generated types were made from the very files that are loaded; this checks the names. */
function service<S extends ServiceDefinition>(
  definition: PackageDefinition,
  name: string,
  methods: readonly (keyof S)[],
): S {
  const found: unknown = definition[name];
  if (isService<S>(found, methods)) return found;
  throw new Error(`proto/ has no service ${name} with ${methods.join(', ')}`);
}

function message<I, O>(definition: PackageDefinition, name: string): MessageTypeDefinition<I, O> {
  const found: unknown = definition[name];
  if (isMessage<I, O>(found)) return found;
  throw new Error(`proto/ has no message ${name}`);
}

function isService<S>(found: unknown, methods: readonly (keyof S)[]): found is S {
  return typeof found === 'object' && found !== null && methods.every((method) => method in found);
}

function isMessage<I, O>(found: unknown): found is MessageTypeDefinition<I, O> {
  return typeof found === 'object' && found !== null && 'serialize' in found;
}
