// Original file: proto/manyhands/v1/work.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ComputeRequest as _manyhands_v1_ComputeRequest, ComputeRequest__Output as _manyhands_v1_ComputeRequest__Output } from '../../manyhands/v1/ComputeRequest.ts';
import type { ComputeResponse as _manyhands_v1_ComputeResponse, ComputeResponse__Output as _manyhands_v1_ComputeResponse__Output } from '../../manyhands/v1/ComputeResponse.ts';

export interface WorkClient extends grpc.Client {
  Compute(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  Compute(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  compute(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  compute(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  
}

export interface WorkHandlers extends grpc.UntypedServiceImplementation {
  Compute: grpc.handleBidiStreamingCall<_manyhands_v1_ComputeRequest__Output, _manyhands_v1_ComputeResponse>;
  
}

export interface WorkDefinition extends grpc.ServiceDefinition {
  Compute: MethodDefinition<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse, _manyhands_v1_ComputeRequest__Output, _manyhands_v1_ComputeResponse__Output>
}
