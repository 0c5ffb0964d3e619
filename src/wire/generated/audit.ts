import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AuditBlob as _manyhands_v1_AuditBlob, AuditBlob__Output as _manyhands_v1_AuditBlob__Output } from './manyhands/v1/AuditBlob.ts';
import type { AuditDigests as _manyhands_v1_AuditDigests, AuditDigests__Output as _manyhands_v1_AuditDigests__Output } from './manyhands/v1/AuditDigests.ts';
import type { AuditEquivalent as _manyhands_v1_AuditEquivalent, AuditEquivalent__Output as _manyhands_v1_AuditEquivalent__Output } from './manyhands/v1/AuditEquivalent.ts';
import type { AuditHeader as _manyhands_v1_AuditHeader, AuditHeader__Output as _manyhands_v1_AuditHeader__Output } from './manyhands/v1/AuditHeader.ts';
import type { AuditPeer as _manyhands_v1_AuditPeer, AuditPeer__Output as _manyhands_v1_AuditPeer__Output } from './manyhands/v1/AuditPeer.ts';
import type { AuditRecord as _manyhands_v1_AuditRecord, AuditRecord__Output as _manyhands_v1_AuditRecord__Output } from './manyhands/v1/AuditRecord.ts';
import type { AuditSeal as _manyhands_v1_AuditSeal, AuditSeal__Output as _manyhands_v1_AuditSeal__Output } from './manyhands/v1/AuditSeal.ts';
import type { AuditStatement as _manyhands_v1_AuditStatement, AuditStatement__Output as _manyhands_v1_AuditStatement__Output } from './manyhands/v1/AuditStatement.ts';
import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from './manyhands/v1/BlobRef.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from './manyhands/v1/ChunkLimits.ts';
import type { DataFile as _manyhands_v1_DataFile, DataFile__Output as _manyhands_v1_DataFile__Output } from './manyhands/v1/DataFile.ts';
import type { Evidence as _manyhands_v1_Evidence, Evidence__Output as _manyhands_v1_Evidence__Output } from './manyhands/v1/Evidence.ts';
import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from './manyhands/v1/Hello.ts';
import type { Offer as _manyhands_v1_Offer, Offer__Output as _manyhands_v1_Offer__Output } from './manyhands/v1/Offer.ts';
import type { PeerRecord as _manyhands_v1_PeerRecord, PeerRecord__Output as _manyhands_v1_PeerRecord__Output } from './manyhands/v1/PeerRecord.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from './manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from './manyhands/v1/Pong.ts';
import type { Setup as _manyhands_v1_Setup, Setup__Output as _manyhands_v1_Setup__Output } from './manyhands/v1/Setup.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from './manyhands/v1/Signed.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    v1: {
      AuditBlob: MessageTypeDefinition<_manyhands_v1_AuditBlob, _manyhands_v1_AuditBlob__Output>
      AuditDigests: MessageTypeDefinition<_manyhands_v1_AuditDigests, _manyhands_v1_AuditDigests__Output>
      AuditEquivalent: MessageTypeDefinition<_manyhands_v1_AuditEquivalent, _manyhands_v1_AuditEquivalent__Output>
      AuditHeader: MessageTypeDefinition<_manyhands_v1_AuditHeader, _manyhands_v1_AuditHeader__Output>
      AuditPeer: MessageTypeDefinition<_manyhands_v1_AuditPeer, _manyhands_v1_AuditPeer__Output>
      AuditRecord: MessageTypeDefinition<_manyhands_v1_AuditRecord, _manyhands_v1_AuditRecord__Output>
      AuditSeal: MessageTypeDefinition<_manyhands_v1_AuditSeal, _manyhands_v1_AuditSeal__Output>
      AuditStatement: MessageTypeDefinition<_manyhands_v1_AuditStatement, _manyhands_v1_AuditStatement__Output>
      BlobRef: MessageTypeDefinition<_manyhands_v1_BlobRef, _manyhands_v1_BlobRef__Output>
      ChunkLimits: MessageTypeDefinition<_manyhands_v1_ChunkLimits, _manyhands_v1_ChunkLimits__Output>
      DataFile: MessageTypeDefinition<_manyhands_v1_DataFile, _manyhands_v1_DataFile__Output>
      Evidence: MessageTypeDefinition<_manyhands_v1_Evidence, _manyhands_v1_Evidence__Output>
      Hello: MessageTypeDefinition<_manyhands_v1_Hello, _manyhands_v1_Hello__Output>
      Offer: MessageTypeDefinition<_manyhands_v1_Offer, _manyhands_v1_Offer__Output>
      PeerRecord: MessageTypeDefinition<_manyhands_v1_PeerRecord, _manyhands_v1_PeerRecord__Output>
      Ping: MessageTypeDefinition<_manyhands_v1_Ping, _manyhands_v1_Ping__Output>
      Pong: MessageTypeDefinition<_manyhands_v1_Pong, _manyhands_v1_Pong__Output>
      Runtime: EnumTypeDefinition
      Setup: MessageTypeDefinition<_manyhands_v1_Setup, _manyhands_v1_Setup__Output>
      Signed: MessageTypeDefinition<_manyhands_v1_Signed, _manyhands_v1_Signed__Output>
    }
  }
}

