// Original file: proto/manyhands/v1/overlay.proto


export interface Disconnect {
}

export interface Disconnect__Output {
}
