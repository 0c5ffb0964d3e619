import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Accept as _manyhands_v1_Accept, Accept__Output as _manyhands_v1_Accept__Output } from './manyhands/v1/Accept.ts';
import type { Announcement as _manyhands_v1_Announcement, Announcement__Output as _manyhands_v1_Announcement__Output } from './manyhands/v1/Announcement.ts';
import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from './manyhands/v1/BlobRef.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from './manyhands/v1/ChunkLimits.ts';
import type { DataFile as _manyhands_v1_DataFile, DataFile__Output as _manyhands_v1_DataFile__Output } from './manyhands/v1/DataFile.ts';
import type { Disconnect as _manyhands_v1_Disconnect, Disconnect__Output as _manyhands_v1_Disconnect__Output } from './manyhands/v1/Disconnect.ts';
import type { Evidence as _manyhands_v1_Evidence, Evidence__Output as _manyhands_v1_Evidence__Output } from './manyhands/v1/Evidence.ts';
import type { ExchangeRequest as _manyhands_v1_ExchangeRequest, ExchangeRequest__Output as _manyhands_v1_ExchangeRequest__Output } from './manyhands/v1/ExchangeRequest.ts';
import type { ExchangeResponse as _manyhands_v1_ExchangeResponse, ExchangeResponse__Output as _manyhands_v1_ExchangeResponse__Output } from './manyhands/v1/ExchangeResponse.ts';
import type { ForwardJoin as _manyhands_v1_ForwardJoin, ForwardJoin__Output as _manyhands_v1_ForwardJoin__Output } from './manyhands/v1/ForwardJoin.ts';
import type { Gossip as _manyhands_v1_Gossip, Gossip__Output as _manyhands_v1_Gossip__Output } from './manyhands/v1/Gossip.ts';
import type { Graft as _manyhands_v1_Graft, Graft__Output as _manyhands_v1_Graft__Output } from './manyhands/v1/Graft.ts';
import type { Have as _manyhands_v1_Have, Have__Output as _manyhands_v1_Have__Output } from './manyhands/v1/Have.ts';
import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from './manyhands/v1/Hello.ts';
import type { Join as _manyhands_v1_Join, Join__Output as _manyhands_v1_Join__Output } from './manyhands/v1/Join.ts';
import type { Neighbour as _manyhands_v1_Neighbour, Neighbour__Output as _manyhands_v1_Neighbour__Output } from './manyhands/v1/Neighbour.ts';
import type { Offer as _manyhands_v1_Offer, Offer__Output as _manyhands_v1_Offer__Output } from './manyhands/v1/Offer.ts';
import type { OfferName as _manyhands_v1_OfferName, OfferName__Output as _manyhands_v1_OfferName__Output } from './manyhands/v1/OfferName.ts';
import type { OverlayClient as _manyhands_v1_OverlayClient, OverlayDefinition as _manyhands_v1_OverlayDefinition } from './manyhands/v1/Overlay.ts';
import type { OverlayFrame as _manyhands_v1_OverlayFrame, OverlayFrame__Output as _manyhands_v1_OverlayFrame__Output } from './manyhands/v1/OverlayFrame.ts';
import type { PeerRecord as _manyhands_v1_PeerRecord, PeerRecord__Output as _manyhands_v1_PeerRecord__Output } from './manyhands/v1/PeerRecord.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from './manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from './manyhands/v1/Pong.ts';
import type { Probe as _manyhands_v1_Probe, Probe__Output as _manyhands_v1_Probe__Output } from './manyhands/v1/Probe.ts';
import type { ProbeResult as _manyhands_v1_ProbeResult, ProbeResult__Output as _manyhands_v1_ProbeResult__Output } from './manyhands/v1/ProbeResult.ts';
import type { Prune as _manyhands_v1_Prune, Prune__Output as _manyhands_v1_Prune__Output } from './manyhands/v1/Prune.ts';
import type { Refuse as _manyhands_v1_Refuse, Refuse__Output as _manyhands_v1_Refuse__Output } from './manyhands/v1/Refuse.ts';
import type { Setup as _manyhands_v1_Setup, Setup__Output as _manyhands_v1_Setup__Output } from './manyhands/v1/Setup.ts';
import type { Shuffle as _manyhands_v1_Shuffle, Shuffle__Output as _manyhands_v1_Shuffle__Output } from './manyhands/v1/Shuffle.ts';
import type { ShuffleReply as _manyhands_v1_ShuffleReply, ShuffleReply__Output as _manyhands_v1_ShuffleReply__Output } from './manyhands/v1/ShuffleReply.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from './manyhands/v1/Signed.ts';
import type { Visit as _manyhands_v1_Visit, Visit__Output as _manyhands_v1_Visit__Output } from './manyhands/v1/Visit.ts';
import type { Want as _manyhands_v1_Want, Want__Output as _manyhands_v1_Want__Output } from './manyhands/v1/Want.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    v1: {
      Accept: MessageTypeDefinition<_manyhands_v1_Accept, _manyhands_v1_Accept__Output>
      Announcement: MessageTypeDefinition<_manyhands_v1_Announcement, _manyhands_v1_Announcement__Output>
      BlobRef: MessageTypeDefinition<_manyhands_v1_BlobRef, _manyhands_v1_BlobRef__Output>
      ChunkLimits: MessageTypeDefinition<_manyhands_v1_ChunkLimits, _manyhands_v1_ChunkLimits__Output>
      DataFile: MessageTypeDefinition<_manyhands_v1_DataFile, _manyhands_v1_DataFile__Output>
      Disconnect: MessageTypeDefinition<_manyhands_v1_Disconnect, _manyhands_v1_Disconnect__Output>
      Evidence: MessageTypeDefinition<_manyhands_v1_Evidence, _manyhands_v1_Evidence__Output>
      ExchangeRequest: MessageTypeDefinition<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeRequest__Output>
      ExchangeResponse: MessageTypeDefinition<_manyhands_v1_ExchangeResponse, _manyhands_v1_ExchangeResponse__Output>
      ForwardJoin: MessageTypeDefinition<_manyhands_v1_ForwardJoin, _manyhands_v1_ForwardJoin__Output>
      Gossip: MessageTypeDefinition<_manyhands_v1_Gossip, _manyhands_v1_Gossip__Output>
      Graft: MessageTypeDefinition<_manyhands_v1_Graft, _manyhands_v1_Graft__Output>
      Have: MessageTypeDefinition<_manyhands_v1_Have, _manyhands_v1_Have__Output>
      Hello: MessageTypeDefinition<_manyhands_v1_Hello, _manyhands_v1_Hello__Output>
      Join: MessageTypeDefinition<_manyhands_v1_Join, _manyhands_v1_Join__Output>
      Neighbour: MessageTypeDefinition<_manyhands_v1_Neighbour, _manyhands_v1_Neighbour__Output>
      Offer: MessageTypeDefinition<_manyhands_v1_Offer, _manyhands_v1_Offer__Output>
      OfferName: MessageTypeDefinition<_manyhands_v1_OfferName, _manyhands_v1_OfferName__Output>
      Overlay: SubtypeConstructor<typeof grpc.Client, _manyhands_v1_OverlayClient> & { service: _manyhands_v1_OverlayDefinition }
      OverlayFrame: MessageTypeDefinition<_manyhands_v1_OverlayFrame, _manyhands_v1_OverlayFrame__Output>
      PeerRecord: MessageTypeDefinition<_manyhands_v1_PeerRecord, _manyhands_v1_PeerRecord__Output>
      Ping: MessageTypeDefinition<_manyhands_v1_Ping, _manyhands_v1_Ping__Output>
      Pong: MessageTypeDefinition<_manyhands_v1_Pong, _manyhands_v1_Pong__Output>
      Probe: MessageTypeDefinition<_manyhands_v1_Probe, _manyhands_v1_Probe__Output>
      ProbeResult: MessageTypeDefinition<_manyhands_v1_ProbeResult, _manyhands_v1_ProbeResult__Output>
      Prune: MessageTypeDefinition<_manyhands_v1_Prune, _manyhands_v1_Prune__Output>
      Refuse: MessageTypeDefinition<_manyhands_v1_Refuse, _manyhands_v1_Refuse__Output>
      Runtime: EnumTypeDefinition
      Setup: MessageTypeDefinition<_manyhands_v1_Setup, _manyhands_v1_Setup__Output>
      Shuffle: MessageTypeDefinition<_manyhands_v1_Shuffle, _manyhands_v1_Shuffle__Output>
      ShuffleReply: MessageTypeDefinition<_manyhands_v1_ShuffleReply, _manyhands_v1_ShuffleReply__Output>
      Signed: MessageTypeDefinition<_manyhands_v1_Signed, _manyhands_v1_Signed__Output>
      Visit: MessageTypeDefinition<_manyhands_v1_Visit, _manyhands_v1_Visit__Output>
      Want: MessageTypeDefinition<_manyhands_v1_Want, _manyhands_v1_Want__Output>
    }
  }
}

