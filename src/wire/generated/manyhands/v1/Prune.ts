// Original file: proto/manyhands/v1/overlay.proto


export interface Prune {
}

export interface Prune__Output {
}
