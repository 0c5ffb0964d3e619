// Original file: proto/manyhands/control/v1/control.proto


export interface ListReceiptsRequest {
}

export interface ListReceiptsRequest__Output {
}
