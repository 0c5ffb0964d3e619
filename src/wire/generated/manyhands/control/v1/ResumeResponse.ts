// Original file: proto/manyhands/control/v1/control.proto


export interface ResumeResponse {
}

export interface ResumeResponse__Output {
}
