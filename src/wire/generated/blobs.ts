import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { BlobsClient as _manyhands_v1_BlobsClient, BlobsDefinition as _manyhands_v1_BlobsDefinition } from './manyhands/v1/Blobs.ts';
import type { FetchRequest as _manyhands_v1_FetchRequest, FetchRequest__Output as _manyhands_v1_FetchRequest__Output } from './manyhands/v1/FetchRequest.ts';
import type { FetchResponse as _manyhands_v1_FetchResponse, FetchResponse__Output as _manyhands_v1_FetchResponse__Output } from './manyhands/v1/FetchResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    v1: {
      Blobs: SubtypeConstructor<typeof grpc.Client, _manyhands_v1_BlobsClient> & { service: _manyhands_v1_BlobsDefinition }
      FetchRequest: MessageTypeDefinition<_manyhands_v1_FetchRequest, _manyhands_v1_FetchRequest__Output>
      FetchResponse: MessageTypeDefinition<_manyhands_v1_FetchResponse, _manyhands_v1_FetchResponse__Output>
    }
  }
}

