// Original file: proto/manyhands/control/v1/control.proto


export interface ListPeersRequest {
}

export interface ListPeersRequest__Output {
}
