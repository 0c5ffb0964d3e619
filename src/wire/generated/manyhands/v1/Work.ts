// Original file: proto/manyhands/v1/work.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ComputeRequest as _manyhands_v1_ComputeRequest, ComputeRequest__Output as _manyhands_v1_ComputeRequest__Output } from '../../manyhands/v1/ComputeRequest.ts';
import type { ComputeResponse as _manyhands_v1_ComputeResponse, ComputeResponse__Output as _manyhands_v1_ComputeResponse__Output } from '../../manyhands/v1/ComputeResponse.ts';
import type { PutRequest as _manyhands_v1_PutRequest, PutRequest__Output as _manyhands_v1_PutRequest__Output } from '../../manyhands/v1/PutRequest.ts';
import type { PutResponse as _manyhands_v1_PutResponse, PutResponse__Output as _manyhands_v1_PutResponse__Output } from '../../manyhands/v1/PutResponse.ts';

export interface WorkClient extends grpc.Client {
  Compute(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  Compute(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  compute(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  compute(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse__Output>;
  
  Put(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_PutRequest, _manyhands_v1_PutResponse__Output>;
  Put(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_PutRequest, _manyhands_v1_PutResponse__Output>;
  put(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_PutRequest, _manyhands_v1_PutResponse__Output>;
  put(options?: grpc.CallOptions): grpc.ClientDuplexStream<_manyhands_v1_PutRequest, _manyhands_v1_PutResponse__Output>;
  
}

export interface WorkHandlers extends grpc.UntypedServiceImplementation {
  Compute: grpc.handleBidiStreamingCall<_manyhands_v1_ComputeRequest__Output, _manyhands_v1_ComputeResponse>;
  
  Put: grpc.handleBidiStreamingCall<_manyhands_v1_PutRequest__Output, _manyhands_v1_PutResponse>;
  
}

export interface WorkDefinition extends grpc.ServiceDefinition {
  Compute: MethodDefinition<_manyhands_v1_ComputeRequest, _manyhands_v1_ComputeResponse, _manyhands_v1_ComputeRequest__Output, _manyhands_v1_ComputeResponse__Output>
  Put: MethodDefinition<_manyhands_v1_PutRequest, _manyhands_v1_PutResponse, _manyhands_v1_PutRequest__Output, _manyhands_v1_PutResponse__Output>
}
