// Original file: proto/manyhands/v1/work.proto


export interface Returned {
}

export interface Returned__Output {
}
