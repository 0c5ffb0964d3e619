// Original file: proto/manyhands/v1/overlay.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExchangeRequest as _manyhands_v1_ExchangeRequest, ExchangeRequest__Output as _manyhands_v1_ExchangeRequest__Output } from '../../manyhands/v1/ExchangeRequest.ts';
import type { ExchangeResponse as _manyhands_v1_ExchangeResponse, ExchangeResponse__Output as _manyhands_v1_ExchangeResponse__Output } from '../../manyhands/v1/ExchangeResponse.ts';

export interface OverlayClient extends grpc.Client {
  Exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeResponse__Output>;
  Exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeResponse__Output>;
  exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeResponse__Output>;
  exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeResponse__Output>;
  
}

export interface OverlayHandlers extends grpc.UntypedServiceImplementation {
  Exchange: grpc.handleBidiStreamingCall<_manyhands_v1_ExchangeRequest__Output, _manyhands_v1_ExchangeResponse>;
  
}

export interface OverlayDefinition extends grpc.ServiceDefinition {
  Exchange: MethodDefinition<_manyhands_v1_ExchangeRequest, _manyhands_v1_ExchangeResponse, _manyhands_v1_ExchangeRequest__Output, _manyhands_v1_ExchangeResponse__Output>
}
