// Original file: proto/manyhands/control/v1/control.proto


export interface StatusRequest {
}

export interface StatusRequest__Output {
}
