import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from './manyhands/v1/BlobRef.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from './manyhands/v1/ChunkLimits.ts';
import type { DataFile as _manyhands_v1_DataFile, DataFile__Output as _manyhands_v1_DataFile__Output } from './manyhands/v1/DataFile.ts';
import type { ExchangeRequest as _manyhands_v1_ExchangeRequest, ExchangeRequest__Output as _manyhands_v1_ExchangeRequest__Output } from './manyhands/v1/ExchangeRequest.ts';
import type { ExchangeResponse as _manyhands_v1_ExchangeResponse, ExchangeResponse__Output as _manyhands_v1_ExchangeResponse__Output } from './manyhands/v1/ExchangeResponse.ts';
import type { Gossip as _manyhands_v1_Gossip, Gossip__Output as _manyhands_v1_Gossip__Output } from './manyhands/v1/Gossip.ts';
import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from './manyhands/v1/Hello.ts';
import type { Offer as _manyhands_v1_Offer, Offer__Output as _manyhands_v1_Offer__Output } from './manyhands/v1/Offer.ts';
import type { OverlayClient as _manyhands_v1_OverlayClient, OverlayDefinition as _manyhands_v1_OverlayDefinition } from './manyhands/v1/Overlay.ts';
import type { OverlayFrame as _manyhands_v1_OverlayFrame, OverlayFrame__Output as _manyhands_v1_OverlayFrame__Output } from './manyhands/v1/OverlayFrame.ts';
import type { PeerRecord as _manyhands_v1_PeerRecord, PeerRecord__Output as _manyhands_v1_PeerRecord__Output } from './manyhands/v1/PeerRecord.ts';
import type { Peers as _manyhands_v1_Peers, Peers__Output as _manyhands_v1_Peers__Output } from './manyhands/v1/Peers.ts';
import type { Refuse as _manyhands_v1_Refuse, Refuse__Output as _manyhands_v1_Refuse__Output } from './manyhands/v1/Refuse.ts';
import type { Setup as _manyhands_v1_Setup, Setup__Output as _manyhands_v1_Setup__Output } from './manyhands/v1/Setup.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from './manyhands/v1/Signed.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    v1: {
      BlobRef: MessageTypeDefinition<_manyhands_v1_BlobRef, _manyhands_v1_BlobRef__Output>
      ChunkLimits: MessageTypeDefinition<_manyhands_v1_ChunkLimits, _manyhands_v1_ChunkLimits__Output>
      DataFile: MessageTypeDefinition<_manyhands_v1_DataFile, _manyhands_v1_DataFile__Output>
      ExchangeRequest: MessageTypeDefinition<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeRequest__Output>
      ExchangeResponse: MessageTypeDefinition<_manyhands_v1_ExchangeResponse, _manyhands_v1_ExchangeResponse__Output>
      Gossip: MessageTypeDefinition<_manyhands_v1_Gossip, _manyhands_v1_Gossip__Output>
      Hello: MessageTypeDefinition<_manyhands_v1_Hello, _manyhands_v1_Hello__Output>
      Offer: MessageTypeDefinition<_manyhands_v1_Offer, _manyhands_v1_Offer__Output>
      Overlay: SubtypeConstructor<typeof grpc.Client, _manyhands_v1_OverlayClient> & { service: _manyhands_v1_OverlayDefinition }
      OverlayFrame: MessageTypeDefinition<_manyhands_v1_OverlayFrame, _manyhands_v1_OverlayFrame__Output>
      PeerRecord: MessageTypeDefinition<_manyhands_v1_PeerRecord, _manyhands_v1_PeerRecord__Output>
      Peers: MessageTypeDefinition<_manyhands_v1_Peers, _manyhands_v1_Peers__Output>
      Refuse: MessageTypeDefinition<_manyhands_v1_Refuse, _manyhands_v1_Refuse__Output>
      Runtime: EnumTypeDefinition
      Setup: MessageTypeDefinition<_manyhands_v1_Setup, _manyhands_v1_Setup__Output>
      Signed: MessageTypeDefinition<_manyhands_v1_Signed, _manyhands_v1_Signed__Output>
    }
  }
}

