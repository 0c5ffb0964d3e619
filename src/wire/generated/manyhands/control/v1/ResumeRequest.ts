// Original file: proto/manyhands/control/v1/control.proto


export interface ResumeRequest {
}

export interface ResumeRequest__Output {
}
