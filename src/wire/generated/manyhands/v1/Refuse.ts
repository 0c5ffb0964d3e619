// Original file: proto/manyhands/v1/overlay.proto


export interface Refuse {
}

export interface Refuse__Output {
}
