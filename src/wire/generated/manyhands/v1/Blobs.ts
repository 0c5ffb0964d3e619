// Original file: proto/manyhands/v1/blobs.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FetchRequest as _manyhands_v1_FetchRequest, FetchRequest__Output as _manyhands_v1_FetchRequest__Output } from '../../manyhands/v1/FetchRequest.ts';
import type { FetchResponse as _manyhands_v1_FetchResponse, FetchResponse__Output as _manyhands_v1_FetchResponse__Output } from '../../manyhands/v1/FetchResponse.ts';

export interface BlobsClient extends grpc.Client {
  Fetch(argument: _manyhands_v1_FetchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_v1_FetchResponse__Output>;
  Fetch(argument: _manyhands_v1_FetchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_v1_FetchResponse__Output>;
  fetch(argument: _manyhands_v1_FetchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_v1_FetchResponse__Output>;
  fetch(argument: _manyhands_v1_FetchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_v1_FetchResponse__Output>;
  
}

export interface BlobsHandlers extends grpc.UntypedServiceImplementation {
  Fetch: grpc.handleServerStreamingCall<_manyhands_v1_FetchRequest__Output, _manyhands_v1_FetchResponse>;
  
}

export interface BlobsDefinition extends grpc.ServiceDefinition {
  Fetch: MethodDefinition<_manyhands_v1_FetchRequest, _manyhands_v1_FetchResponse, _manyhands_v1_FetchRequest__Output, _manyhands_v1_FetchResponse__Output>
}
