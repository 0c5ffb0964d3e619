// Original file: proto/manyhands/control/v1/control.proto


export interface PauseResponse {
}

export interface PauseResponse__Output {
}
