// Original file: proto/manyhands/control/v1/control.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelRequest as _manyhands_control_v1_CancelRequest, CancelRequest__Output as _manyhands_control_v1_CancelRequest__Output } from '../../../manyhands/control/v1/CancelRequest.ts';
import type { CancelResponse as _manyhands_control_v1_CancelResponse, CancelResponse__Output as _manyhands_control_v1_CancelResponse__Output } from '../../../manyhands/control/v1/CancelResponse.ts';
import type { ExportAuditRequest as _manyhands_control_v1_ExportAuditRequest, ExportAuditRequest__Output as _manyhands_control_v1_ExportAuditRequest__Output } from '../../../manyhands/control/v1/ExportAuditRequest.ts';
import type { ExportAuditResponse as _manyhands_control_v1_ExportAuditResponse, ExportAuditResponse__Output as _manyhands_control_v1_ExportAuditResponse__Output } from '../../../manyhands/control/v1/ExportAuditResponse.ts';
import type { ExportBackupRequest as _manyhands_control_v1_ExportBackupRequest, ExportBackupRequest__Output as _manyhands_control_v1_ExportBackupRequest__Output } from '../../../manyhands/control/v1/ExportBackupRequest.ts';
import type { ExportBackupResponse as _manyhands_control_v1_ExportBackupResponse, ExportBackupResponse__Output as _manyhands_control_v1_ExportBackupResponse__Output } from '../../../manyhands/control/v1/ExportBackupResponse.ts';
import type { FinishRequest as _manyhands_control_v1_FinishRequest, FinishRequest__Output as _manyhands_control_v1_FinishRequest__Output } from '../../../manyhands/control/v1/FinishRequest.ts';
import type { FinishResponse as _manyhands_control_v1_FinishResponse, FinishResponse__Output as _manyhands_control_v1_FinishResponse__Output } from '../../../manyhands/control/v1/FinishResponse.ts';
import type { ForgetRequest as _manyhands_control_v1_ForgetRequest, ForgetRequest__Output as _manyhands_control_v1_ForgetRequest__Output } from '../../../manyhands/control/v1/ForgetRequest.ts';
import type { ForgetResponse as _manyhands_control_v1_ForgetResponse, ForgetResponse__Output as _manyhands_control_v1_ForgetResponse__Output } from '../../../manyhands/control/v1/ForgetResponse.ts';
import type { ListJobsRequest as _manyhands_control_v1_ListJobsRequest, ListJobsRequest__Output as _manyhands_control_v1_ListJobsRequest__Output } from '../../../manyhands/control/v1/ListJobsRequest.ts';
import type { ListJobsResponse as _manyhands_control_v1_ListJobsResponse, ListJobsResponse__Output as _manyhands_control_v1_ListJobsResponse__Output } from '../../../manyhands/control/v1/ListJobsResponse.ts';
import type { ListPeersRequest as _manyhands_control_v1_ListPeersRequest, ListPeersRequest__Output as _manyhands_control_v1_ListPeersRequest__Output } from '../../../manyhands/control/v1/ListPeersRequest.ts';
import type { ListPeersResponse as _manyhands_control_v1_ListPeersResponse, ListPeersResponse__Output as _manyhands_control_v1_ListPeersResponse__Output } from '../../../manyhands/control/v1/ListPeersResponse.ts';
import type { ListReceiptsRequest as _manyhands_control_v1_ListReceiptsRequest, ListReceiptsRequest__Output as _manyhands_control_v1_ListReceiptsRequest__Output } from '../../../manyhands/control/v1/ListReceiptsRequest.ts';
import type { ListReceiptsResponse as _manyhands_control_v1_ListReceiptsResponse, ListReceiptsResponse__Output as _manyhands_control_v1_ListReceiptsResponse__Output } from '../../../manyhands/control/v1/ListReceiptsResponse.ts';
import type { PauseRequest as _manyhands_control_v1_PauseRequest, PauseRequest__Output as _manyhands_control_v1_PauseRequest__Output } from '../../../manyhands/control/v1/PauseRequest.ts';
import type { PauseResponse as _manyhands_control_v1_PauseResponse, PauseResponse__Output as _manyhands_control_v1_PauseResponse__Output } from '../../../manyhands/control/v1/PauseResponse.ts';
import type { PutBlobRequest as _manyhands_control_v1_PutBlobRequest, PutBlobRequest__Output as _manyhands_control_v1_PutBlobRequest__Output } from '../../../manyhands/control/v1/PutBlobRequest.ts';
import type { PutBlobResponse as _manyhands_control_v1_PutBlobResponse, PutBlobResponse__Output as _manyhands_control_v1_PutBlobResponse__Output } from '../../../manyhands/control/v1/PutBlobResponse.ts';
import type { ResultRequest as _manyhands_control_v1_ResultRequest, ResultRequest__Output as _manyhands_control_v1_ResultRequest__Output } from '../../../manyhands/control/v1/ResultRequest.ts';
import type { ResultResponse as _manyhands_control_v1_ResultResponse, ResultResponse__Output as _manyhands_control_v1_ResultResponse__Output } from '../../../manyhands/control/v1/ResultResponse.ts';
import type { ResumeRequest as _manyhands_control_v1_ResumeRequest, ResumeRequest__Output as _manyhands_control_v1_ResumeRequest__Output } from '../../../manyhands/control/v1/ResumeRequest.ts';
import type { ResumeResponse as _manyhands_control_v1_ResumeResponse, ResumeResponse__Output as _manyhands_control_v1_ResumeResponse__Output } from '../../../manyhands/control/v1/ResumeResponse.ts';
import type { StatusRequest as _manyhands_control_v1_StatusRequest, StatusRequest__Output as _manyhands_control_v1_StatusRequest__Output } from '../../../manyhands/control/v1/StatusRequest.ts';
import type { StatusResponse as _manyhands_control_v1_StatusResponse, StatusResponse__Output as _manyhands_control_v1_StatusResponse__Output } from '../../../manyhands/control/v1/StatusResponse.ts';
import type { SubmitRequest as _manyhands_control_v1_SubmitRequest, SubmitRequest__Output as _manyhands_control_v1_SubmitRequest__Output } from '../../../manyhands/control/v1/SubmitRequest.ts';
import type { SubmitResponse as _manyhands_control_v1_SubmitResponse, SubmitResponse__Output as _manyhands_control_v1_SubmitResponse__Output } from '../../../manyhands/control/v1/SubmitResponse.ts';
import type { WatchRequest as _manyhands_control_v1_WatchRequest, WatchRequest__Output as _manyhands_control_v1_WatchRequest__Output } from '../../../manyhands/control/v1/WatchRequest.ts';
import type { WatchResponse as _manyhands_control_v1_WatchResponse, WatchResponse__Output as _manyhands_control_v1_WatchResponse__Output } from '../../../manyhands/control/v1/WatchResponse.ts';

export interface ControlClient extends grpc.Client {
  Cancel(argument: _manyhands_control_v1_CancelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  Cancel(argument: _manyhands_control_v1_CancelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  Cancel(argument: _manyhands_control_v1_CancelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  Cancel(argument: _manyhands_control_v1_CancelRequest, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  cancel(argument: _manyhands_control_v1_CancelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  cancel(argument: _manyhands_control_v1_CancelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  cancel(argument: _manyhands_control_v1_CancelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  cancel(argument: _manyhands_control_v1_CancelRequest, callback: grpc.requestCallback<_manyhands_control_v1_CancelResponse__Output>): grpc.ClientUnaryCall;
  
  ExportAudit(argument: _manyhands_control_v1_ExportAuditRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportAuditResponse__Output>;
  ExportAudit(argument: _manyhands_control_v1_ExportAuditRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportAuditResponse__Output>;
  exportAudit(argument: _manyhands_control_v1_ExportAuditRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportAuditResponse__Output>;
  exportAudit(argument: _manyhands_control_v1_ExportAuditRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportAuditResponse__Output>;
  
  ExportBackup(argument: _manyhands_control_v1_ExportBackupRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportBackupResponse__Output>;
  ExportBackup(argument: _manyhands_control_v1_ExportBackupRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportBackupResponse__Output>;
  exportBackup(argument: _manyhands_control_v1_ExportBackupRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportBackupResponse__Output>;
  exportBackup(argument: _manyhands_control_v1_ExportBackupRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ExportBackupResponse__Output>;
  
  Finish(argument: _manyhands_control_v1_FinishRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  Finish(argument: _manyhands_control_v1_FinishRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  Finish(argument: _manyhands_control_v1_FinishRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  Finish(argument: _manyhands_control_v1_FinishRequest, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  finish(argument: _manyhands_control_v1_FinishRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  finish(argument: _manyhands_control_v1_FinishRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  finish(argument: _manyhands_control_v1_FinishRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  finish(argument: _manyhands_control_v1_FinishRequest, callback: grpc.requestCallback<_manyhands_control_v1_FinishResponse__Output>): grpc.ClientUnaryCall;
  
  Forget(argument: _manyhands_control_v1_ForgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _manyhands_control_v1_ForgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _manyhands_control_v1_ForgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  Forget(argument: _manyhands_control_v1_ForgetRequest, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _manyhands_control_v1_ForgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _manyhands_control_v1_ForgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _manyhands_control_v1_ForgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  forget(argument: _manyhands_control_v1_ForgetRequest, callback: grpc.requestCallback<_manyhands_control_v1_ForgetResponse__Output>): grpc.ClientUnaryCall;
  
  ListJobs(argument: _manyhands_control_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _manyhands_control_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _manyhands_control_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _manyhands_control_v1_ListJobsRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _manyhands_control_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _manyhands_control_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _manyhands_control_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _manyhands_control_v1_ListJobsRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  
  ListPeers(argument: _manyhands_control_v1_ListPeersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  ListPeers(argument: _manyhands_control_v1_ListPeersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  ListPeers(argument: _manyhands_control_v1_ListPeersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  ListPeers(argument: _manyhands_control_v1_ListPeersRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  listPeers(argument: _manyhands_control_v1_ListPeersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  listPeers(argument: _manyhands_control_v1_ListPeersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  listPeers(argument: _manyhands_control_v1_ListPeersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  listPeers(argument: _manyhands_control_v1_ListPeersRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListPeersResponse__Output>): grpc.ClientUnaryCall;
  
  ListReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  ListReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  ListReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  ListReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  listReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  listReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  listReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  listReceipts(argument: _manyhands_control_v1_ListReceiptsRequest, callback: grpc.requestCallback<_manyhands_control_v1_ListReceiptsResponse__Output>): grpc.ClientUnaryCall;
  
  Pause(argument: _manyhands_control_v1_PauseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  Pause(argument: _manyhands_control_v1_PauseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  Pause(argument: _manyhands_control_v1_PauseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  Pause(argument: _manyhands_control_v1_PauseRequest, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  pause(argument: _manyhands_control_v1_PauseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  pause(argument: _manyhands_control_v1_PauseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  pause(argument: _manyhands_control_v1_PauseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  pause(argument: _manyhands_control_v1_PauseRequest, callback: grpc.requestCallback<_manyhands_control_v1_PauseResponse__Output>): grpc.ClientUnaryCall;
  
  PutBlob(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  PutBlob(metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  PutBlob(options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  PutBlob(callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  putBlob(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  putBlob(metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  putBlob(options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  putBlob(callback: grpc.requestCallback<_manyhands_control_v1_PutBlobResponse__Output>): grpc.ClientWritableStream<_manyhands_control_v1_PutBlobRequest>;
  
  Result(argument: _manyhands_control_v1_ResultRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ResultResponse__Output>;
  Result(argument: _manyhands_control_v1_ResultRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ResultResponse__Output>;
  result(argument: _manyhands_control_v1_ResultRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ResultResponse__Output>;
  result(argument: _manyhands_control_v1_ResultRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_ResultResponse__Output>;
  
  Resume(argument: _manyhands_control_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  Resume(argument: _manyhands_control_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  Resume(argument: _manyhands_control_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  Resume(argument: _manyhands_control_v1_ResumeRequest, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  resume(argument: _manyhands_control_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  resume(argument: _manyhands_control_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  resume(argument: _manyhands_control_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  resume(argument: _manyhands_control_v1_ResumeRequest, callback: grpc.requestCallback<_manyhands_control_v1_ResumeResponse__Output>): grpc.ClientUnaryCall;
  
  Status(argument: _manyhands_control_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _manyhands_control_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _manyhands_control_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _manyhands_control_v1_StatusRequest, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _manyhands_control_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _manyhands_control_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _manyhands_control_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _manyhands_control_v1_StatusRequest, callback: grpc.requestCallback<_manyhands_control_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  
  Submit(argument: _manyhands_control_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _manyhands_control_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _manyhands_control_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  Submit(argument: _manyhands_control_v1_SubmitRequest, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _manyhands_control_v1_SubmitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _manyhands_control_v1_SubmitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _manyhands_control_v1_SubmitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  submit(argument: _manyhands_control_v1_SubmitRequest, callback: grpc.requestCallback<_manyhands_control_v1_SubmitResponse__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _manyhands_control_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_WatchResponse__Output>;
  Watch(argument: _manyhands_control_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_WatchResponse__Output>;
  watch(argument: _manyhands_control_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_WatchResponse__Output>;
  watch(argument: _manyhands_control_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_manyhands_control_v1_WatchResponse__Output>;
  
}

export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  Cancel: grpc.handleUnaryCall<_manyhands_control_v1_CancelRequest__Output, _manyhands_control_v1_CancelResponse>;
  
  ExportAudit: grpc.handleServerStreamingCall<_manyhands_control_v1_ExportAuditRequest__Output, _manyhands_control_v1_ExportAuditResponse>;
  
  ExportBackup: grpc.handleServerStreamingCall<_manyhands_control_v1_ExportBackupRequest__Output, _manyhands_control_v1_ExportBackupResponse>;
  
  Finish: grpc.handleUnaryCall<_manyhands_control_v1_FinishRequest__Output, _manyhands_control_v1_FinishResponse>;
  
  Forget: grpc.handleUnaryCall<_manyhands_control_v1_ForgetRequest__Output, _manyhands_control_v1_ForgetResponse>;
  
  ListJobs: grpc.handleUnaryCall<_manyhands_control_v1_ListJobsRequest__Output, _manyhands_control_v1_ListJobsResponse>;
  
  ListPeers: grpc.handleUnaryCall<_manyhands_control_v1_ListPeersRequest__Output, _manyhands_control_v1_ListPeersResponse>;
  
  ListReceipts: grpc.handleUnaryCall<_manyhands_control_v1_ListReceiptsRequest__Output, _manyhands_control_v1_ListReceiptsResponse>;
  
  Pause: grpc.handleUnaryCall<_manyhands_control_v1_PauseRequest__Output, _manyhands_control_v1_PauseResponse>;
  
  PutBlob: grpc.handleClientStreamingCall<_manyhands_control_v1_PutBlobRequest__Output, _manyhands_control_v1_PutBlobResponse>;
  
  Result: grpc.handleServerStreamingCall<_manyhands_control_v1_ResultRequest__Output, _manyhands_control_v1_ResultResponse>;
  
  Resume: grpc.handleUnaryCall<_manyhands_control_v1_ResumeRequest__Output, _manyhands_control_v1_ResumeResponse>;
  
  Status: grpc.handleUnaryCall<_manyhands_control_v1_StatusRequest__Output, _manyhands_control_v1_StatusResponse>;
  
  Submit: grpc.handleUnaryCall<_manyhands_control_v1_SubmitRequest__Output, _manyhands_control_v1_SubmitResponse>;
  
  Watch: grpc.handleServerStreamingCall<_manyhands_control_v1_WatchRequest__Output, _manyhands_control_v1_WatchResponse>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  Cancel: MethodDefinition<_manyhands_control_v1_CancelRequest, _manyhands_control_v1_CancelResponse, _manyhands_control_v1_CancelRequest__Output, _manyhands_control_v1_CancelResponse__Output>
  ExportAudit: MethodDefinition<_manyhands_control_v1_ExportAuditRequest, _manyhands_control_v1_ExportAuditResponse, _manyhands_control_v1_ExportAuditRequest__Output, _manyhands_control_v1_ExportAuditResponse__Output>
  ExportBackup: MethodDefinition<_manyhands_control_v1_ExportBackupRequest, _manyhands_control_v1_ExportBackupResponse, _manyhands_control_v1_ExportBackupRequest__Output, _manyhands_control_v1_ExportBackupResponse__Output>
  Finish: MethodDefinition<_manyhands_control_v1_FinishRequest, _manyhands_control_v1_FinishResponse, _manyhands_control_v1_FinishRequest__Output, _manyhands_control_v1_FinishResponse__Output>
  Forget: MethodDefinition<_manyhands_control_v1_ForgetRequest, _manyhands_control_v1_ForgetResponse, _manyhands_control_v1_ForgetRequest__Output, _manyhands_control_v1_ForgetResponse__Output>
  ListJobs: MethodDefinition<_manyhands_control_v1_ListJobsRequest, _manyhands_control_v1_ListJobsResponse, _manyhands_control_v1_ListJobsRequest__Output, _manyhands_control_v1_ListJobsResponse__Output>
  ListPeers: MethodDefinition<_manyhands_control_v1_ListPeersRequest, _manyhands_control_v1_ListPeersResponse, _manyhands_control_v1_ListPeersRequest__Output, _manyhands_control_v1_ListPeersResponse__Output>
  ListReceipts: MethodDefinition<_manyhands_control_v1_ListReceiptsRequest, _manyhands_control_v1_ListReceiptsResponse, _manyhands_control_v1_ListReceiptsRequest__Output, _manyhands_control_v1_ListReceiptsResponse__Output>
  Pause: MethodDefinition<_manyhands_control_v1_PauseRequest, _manyhands_control_v1_PauseResponse, _manyhands_control_v1_PauseRequest__Output, _manyhands_control_v1_PauseResponse__Output>
  PutBlob: MethodDefinition<_manyhands_control_v1_PutBlobRequest, _manyhands_control_v1_PutBlobResponse, _manyhands_control_v1_PutBlobRequest__Output, _manyhands_control_v1_PutBlobResponse__Output>
  Result: MethodDefinition<_manyhands_control_v1_ResultRequest, _manyhands_control_v1_ResultResponse, _manyhands_control_v1_ResultRequest__Output, _manyhands_control_v1_ResultResponse__Output>
  Resume: MethodDefinition<_manyhands_control_v1_ResumeRequest, _manyhands_control_v1_ResumeResponse, _manyhands_control_v1_ResumeRequest__Output, _manyhands_control_v1_ResumeResponse__Output>
  Status: MethodDefinition<_manyhands_control_v1_StatusRequest, _manyhands_control_v1_StatusResponse, _manyhands_control_v1_StatusRequest__Output, _manyhands_control_v1_StatusResponse__Output>
  Submit: MethodDefinition<_manyhands_control_v1_SubmitRequest, _manyhands_control_v1_SubmitResponse, _manyhands_control_v1_SubmitRequest__Output, _manyhands_control_v1_SubmitResponse__Output>
  Watch: MethodDefinition<_manyhands_control_v1_WatchRequest, _manyhands_control_v1_WatchResponse, _manyhands_control_v1_WatchRequest__Output, _manyhands_control_v1_WatchResponse__Output>
}
