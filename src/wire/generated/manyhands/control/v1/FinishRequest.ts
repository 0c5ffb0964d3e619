// Original file: proto/manyhands/control/v1/control.proto


export interface FinishRequest {
}

export interface FinishRequest__Output {
}
