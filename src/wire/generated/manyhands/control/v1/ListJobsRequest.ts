// Original file: proto/manyhands/control/v1/control.proto


export interface ListJobsRequest {
}

export interface ListJobsRequest__Output {
}
