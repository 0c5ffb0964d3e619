import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Acknowledge as _manyhands_v1_Acknowledge, Acknowledge__Output as _manyhands_v1_Acknowledge__Output } from './manyhands/v1/Acknowledge.ts';
import type { Ask as _manyhands_v1_Ask, Ask__Output as _manyhands_v1_Ask__Output } from './manyhands/v1/Ask.ts';
import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from './manyhands/v1/BlobRef.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from './manyhands/v1/ChunkLimits.ts';
import type { ComputeRequest as _manyhands_v1_ComputeRequest, ComputeRequest__Output as _manyhands_v1_ComputeRequest__Output } from './manyhands/v1/ComputeRequest.ts';
import type { ComputeResponse as _manyhands_v1_ComputeResponse, ComputeResponse__Output as _manyhands_v1_ComputeResponse__Output } from './manyhands/v1/ComputeResponse.ts';
import type { DataFile as _manyhands_v1_DataFile, DataFile__Output as _manyhands_v1_DataFile__Output } from './manyhands/v1/DataFile.ts';
import type { Evidence as _manyhands_v1_Evidence, Evidence__Output as _manyhands_v1_Evidence__Output } from './manyhands/v1/Evidence.ts';
import type { Failure as _manyhands_v1_Failure, Failure__Output as _manyhands_v1_Failure__Output } from './manyhands/v1/Failure.ts';
import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from './manyhands/v1/Hello.ts';
import type { Hold as _manyhands_v1_Hold, Hold__Output as _manyhands_v1_Hold__Output } from './manyhands/v1/Hold.ts';
import type { JobEnded as _manyhands_v1_JobEnded, JobEnded__Output as _manyhands_v1_JobEnded__Output } from './manyhands/v1/JobEnded.ts';
import type { Lease as _manyhands_v1_Lease, Lease__Output as _manyhands_v1_Lease__Output } from './manyhands/v1/Lease.ts';
import type { Leases as _manyhands_v1_Leases, Leases__Output as _manyhands_v1_Leases__Output } from './manyhands/v1/Leases.ts';
import type { Offer as _manyhands_v1_Offer, Offer__Output as _manyhands_v1_Offer__Output } from './manyhands/v1/Offer.ts';
import type { PeerRecord as _manyhands_v1_PeerRecord, PeerRecord__Output as _manyhands_v1_PeerRecord__Output } from './manyhands/v1/PeerRecord.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from './manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from './manyhands/v1/Pong.ts';
import type { PutBegin as _manyhands_v1_PutBegin, PutBegin__Output as _manyhands_v1_PutBegin__Output } from './manyhands/v1/PutBegin.ts';
import type { PutRequest as _manyhands_v1_PutRequest, PutRequest__Output as _manyhands_v1_PutRequest__Output } from './manyhands/v1/PutRequest.ts';
import type { PutResponse as _manyhands_v1_PutResponse, PutResponse__Output as _manyhands_v1_PutResponse__Output } from './manyhands/v1/PutResponse.ts';
import type { Receipt as _manyhands_v1_Receipt, Receipt__Output as _manyhands_v1_Receipt__Output } from './manyhands/v1/Receipt.ts';
import type { ReplicaResult as _manyhands_v1_ReplicaResult, ReplicaResult__Output as _manyhands_v1_ReplicaResult__Output } from './manyhands/v1/ReplicaResult.ts';
import type { ResultStatement as _manyhands_v1_ResultStatement, ResultStatement__Output as _manyhands_v1_ResultStatement__Output } from './manyhands/v1/ResultStatement.ts';
import type { Results as _manyhands_v1_Results, Results__Output as _manyhands_v1_Results__Output } from './manyhands/v1/Results.ts';
import type { Returned as _manyhands_v1_Returned, Returned__Output as _manyhands_v1_Returned__Output } from './manyhands/v1/Returned.ts';
import type { Revoke as _manyhands_v1_Revoke, Revoke__Output as _manyhands_v1_Revoke__Output } from './manyhands/v1/Revoke.ts';
import type { Setup as _manyhands_v1_Setup, Setup__Output as _manyhands_v1_Setup__Output } from './manyhands/v1/Setup.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from './manyhands/v1/Signed.ts';
import type { WorkClient as _manyhands_v1_WorkClient, WorkDefinition as _manyhands_v1_WorkDefinition } from './manyhands/v1/Work.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    v1: {
      Acknowledge: MessageTypeDefinition<_manyhands_v1_Acknowledge, _manyhands_v1_Acknowledge__Output>
      Ask: MessageTypeDefinition<_manyhands_v1_Ask, _manyhands_v1_Ask__Output>
      BlobRef: MessageTypeDefinition<_manyhands_v1_BlobRef, _manyhands_v1_BlobRef__Output>
      ChunkLimits: MessageTypeDefinition<_manyhands_v1_ChunkLimits, _manyhands_v1_ChunkLimits__Output>
      ComputeRequest: MessageTypeDefinition<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeRequest__Output>
      ComputeResponse: MessageTypeDefinition<_manyhands_v1_ComputeResponse, _manyhands_v1_ComputeResponse__Output>
      DataFile: MessageTypeDefinition<_manyhands_v1_DataFile, _manyhands_v1_DataFile__Output>
      Evidence: MessageTypeDefinition<_manyhands_v1_Evidence, _manyhands_v1_Evidence__Output>
      Failure: MessageTypeDefinition<_manyhands_v1_Failure, _manyhands_v1_Failure__Output>
      FailureKind: EnumTypeDefinition
      Hello: MessageTypeDefinition<_manyhands_v1_Hello, _manyhands_v1_Hello__Output>
      Hold: MessageTypeDefinition<_manyhands_v1_Hold, _manyhands_v1_Hold__Output>
      JobEnded: MessageTypeDefinition<_manyhands_v1_JobEnded, _manyhands_v1_JobEnded__Output>
      Lease: MessageTypeDefinition<_manyhands_v1_Lease, _manyhands_v1_Lease__Output>
      Leases: MessageTypeDefinition<_manyhands_v1_Leases, _manyhands_v1_Leases__Output>
      Offer: MessageTypeDefinition<_manyhands_v1_Offer, _manyhands_v1_Offer__Output>
      PeerRecord: MessageTypeDefinition<_manyhands_v1_PeerRecord, _manyhands_v1_PeerRecord__Output>
      Ping: MessageTypeDefinition<_manyhands_v1_Ping, _manyhands_v1_Ping__Output>
      Pong: MessageTypeDefinition<_manyhands_v1_Pong, _manyhands_v1_Pong__Output>
      PutBegin: MessageTypeDefinition<_manyhands_v1_PutBegin, _manyhands_v1_PutBegin__Output>
      PutRequest: MessageTypeDefinition<_manyhands_v1_PutRequest, _manyhands_v1_PutRequest__Output>
      PutResponse: MessageTypeDefinition<_manyhands_v1_PutResponse, _manyhands_v1_PutResponse__Output>
      Receipt: MessageTypeDefinition<_manyhands_v1_Receipt, _manyhands_v1_Receipt__Output>
      ReplicaResult: MessageTypeDefinition<_manyhands_v1_ReplicaResult, _manyhands_v1_ReplicaResult__Output>
      ResultStatement: MessageTypeDefinition<_manyhands_v1_ResultStatement, _manyhands_v1_ResultStatement__Output>
      Results: MessageTypeDefinition<_manyhands_v1_Results, _manyhands_v1_Results__Output>
      Returned: MessageTypeDefinition<_manyhands_v1_Returned, _manyhands_v1_Returned__Output>
      Revoke: MessageTypeDefinition<_manyhands_v1_Revoke, _manyhands_v1_Revoke__Output>
      Runtime: EnumTypeDefinition
      Setup: MessageTypeDefinition<_manyhands_v1_Setup, _manyhands_v1_Setup__Output>
      Signed: MessageTypeDefinition<_manyhands_v1_Signed, _manyhands_v1_Signed__Output>
      Work: SubtypeConstructor<typeof grpc.Client, _manyhands_v1_WorkClient> & { service: _manyhands_v1_WorkDefinition }
    }
  }
}

