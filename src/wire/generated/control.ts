import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CancelRequest as _manyhands_control_v1_CancelRequest, CancelRequest__Output as _manyhands_control_v1_CancelRequest__Output } from './manyhands/control/v1/CancelRequest.ts';
import type { CancelResponse as _manyhands_control_v1_CancelResponse, CancelResponse__Output as _manyhands_control_v1_CancelResponse__Output } from './manyhands/control/v1/CancelResponse.ts';
import type { Caught as _manyhands_control_v1_Caught, Caught__Output as _manyhands_control_v1_Caught__Output } from './manyhands/control/v1/Caught.ts';
import type { Contribution as _manyhands_control_v1_Contribution, Contribution__Output as _manyhands_control_v1_Contribution__Output } from './manyhands/control/v1/Contribution.ts';
import type { ControlClient as _manyhands_control_v1_ControlClient, ControlDefinition as _manyhands_control_v1_ControlDefinition } from './manyhands/control/v1/Control.ts';
import type { Credibility as _manyhands_control_v1_Credibility, Credibility__Output as _manyhands_control_v1_Credibility__Output } from './manyhands/control/v1/Credibility.ts';
import type { DataFile as _manyhands_control_v1_DataFile, DataFile__Output as _manyhands_control_v1_DataFile__Output } from './manyhands/control/v1/DataFile.ts';
import type { Declined as _manyhands_control_v1_Declined, Declined__Output as _manyhands_control_v1_Declined__Output } from './manyhands/control/v1/Declined.ts';
import type { ExportAuditRequest as _manyhands_control_v1_ExportAuditRequest, ExportAuditRequest__Output as _manyhands_control_v1_ExportAuditRequest__Output } from './manyhands/control/v1/ExportAuditRequest.ts';
import type { ExportAuditResponse as _manyhands_control_v1_ExportAuditResponse, ExportAuditResponse__Output as _manyhands_control_v1_ExportAuditResponse__Output } from './manyhands/control/v1/ExportAuditResponse.ts';
import type { ExportBackupRequest as _manyhands_control_v1_ExportBackupRequest, ExportBackupRequest__Output as _manyhands_control_v1_ExportBackupRequest__Output } from './manyhands/control/v1/ExportBackupRequest.ts';
import type { ExportBackupResponse as _manyhands_control_v1_ExportBackupResponse, ExportBackupResponse__Output as _manyhands_control_v1_ExportBackupResponse__Output } from './manyhands/control/v1/ExportBackupResponse.ts';
import type { Files as _manyhands_control_v1_Files, Files__Output as _manyhands_control_v1_Files__Output } from './manyhands/control/v1/Files.ts';
import type { FinishRequest as _manyhands_control_v1_FinishRequest, FinishRequest__Output as _manyhands_control_v1_FinishRequest__Output } from './manyhands/control/v1/FinishRequest.ts';
import type { FinishResponse as _manyhands_control_v1_FinishResponse, FinishResponse__Output as _manyhands_control_v1_FinishResponse__Output } from './manyhands/control/v1/FinishResponse.ts';
import type { ForgetRequest as _manyhands_control_v1_ForgetRequest, ForgetRequest__Output as _manyhands_control_v1_ForgetRequest__Output } from './manyhands/control/v1/ForgetRequest.ts';
import type { ForgetResponse as _manyhands_control_v1_ForgetResponse, ForgetResponse__Output as _manyhands_control_v1_ForgetResponse__Output } from './manyhands/control/v1/ForgetResponse.ts';
import type { Job as _manyhands_control_v1_Job, Job__Output as _manyhands_control_v1_Job__Output } from './manyhands/control/v1/Job.ts';
import type { ListJobsRequest as _manyhands_control_v1_ListJobsRequest, ListJobsRequest__Output as _manyhands_control_v1_ListJobsRequest__Output } from './manyhands/control/v1/ListJobsRequest.ts';
import type { ListJobsResponse as _manyhands_control_v1_ListJobsResponse, ListJobsResponse__Output as _manyhands_control_v1_ListJobsResponse__Output } from './manyhands/control/v1/ListJobsResponse.ts';
import type { ListPeersRequest as _manyhands_control_v1_ListPeersRequest, ListPeersRequest__Output as _manyhands_control_v1_ListPeersRequest__Output } from './manyhands/control/v1/ListPeersRequest.ts';
import type { ListPeersResponse as _manyhands_control_v1_ListPeersResponse, ListPeersResponse__Output as _manyhands_control_v1_ListPeersResponse__Output } from './manyhands/control/v1/ListPeersResponse.ts';
import type { ListReceiptsRequest as _manyhands_control_v1_ListReceiptsRequest, ListReceiptsRequest__Output as _manyhands_control_v1_ListReceiptsRequest__Output } from './manyhands/control/v1/ListReceiptsRequest.ts';
import type { ListReceiptsResponse as _manyhands_control_v1_ListReceiptsResponse, ListReceiptsResponse__Output as _manyhands_control_v1_ListReceiptsResponse__Output } from './manyhands/control/v1/ListReceiptsResponse.ts';
import type { PauseRequest as _manyhands_control_v1_PauseRequest, PauseRequest__Output as _manyhands_control_v1_PauseRequest__Output } from './manyhands/control/v1/PauseRequest.ts';
import type { PauseResponse as _manyhands_control_v1_PauseResponse, PauseResponse__Output as _manyhands_control_v1_PauseResponse__Output } from './manyhands/control/v1/PauseResponse.ts';
import type { Peer as _manyhands_control_v1_Peer, Peer__Output as _manyhands_control_v1_Peer__Output } from './manyhands/control/v1/Peer.ts';
import type { Pieces as _manyhands_control_v1_Pieces, Pieces__Output as _manyhands_control_v1_Pieces__Output } from './manyhands/control/v1/Pieces.ts';
import type { PutBlobRequest as _manyhands_control_v1_PutBlobRequest, PutBlobRequest__Output as _manyhands_control_v1_PutBlobRequest__Output } from './manyhands/control/v1/PutBlobRequest.ts';
import type { PutBlobResponse as _manyhands_control_v1_PutBlobResponse, PutBlobResponse__Output as _manyhands_control_v1_PutBlobResponse__Output } from './manyhands/control/v1/PutBlobResponse.ts';
import type { Range as _manyhands_control_v1_Range, Range__Output as _manyhands_control_v1_Range__Output } from './manyhands/control/v1/Range.ts';
import type { Receipt as _manyhands_control_v1_Receipt, Receipt__Output as _manyhands_control_v1_Receipt__Output } from './manyhands/control/v1/Receipt.ts';
import type { Refused as _manyhands_control_v1_Refused, Refused__Output as _manyhands_control_v1_Refused__Output } from './manyhands/control/v1/Refused.ts';
import type { ResultRequest as _manyhands_control_v1_ResultRequest, ResultRequest__Output as _manyhands_control_v1_ResultRequest__Output } from './manyhands/control/v1/ResultRequest.ts';
import type { ResultResponse as _manyhands_control_v1_ResultResponse, ResultResponse__Output as _manyhands_control_v1_ResultResponse__Output } from './manyhands/control/v1/ResultResponse.ts';
import type { ResumeRequest as _manyhands_control_v1_ResumeRequest, ResumeRequest__Output as _manyhands_control_v1_ResumeRequest__Output } from './manyhands/control/v1/ResumeRequest.ts';
import type { ResumeResponse as _manyhands_control_v1_ResumeResponse, ResumeResponse__Output as _manyhands_control_v1_ResumeResponse__Output } from './manyhands/control/v1/ResumeResponse.ts';
import type { Setup as _manyhands_control_v1_Setup, Setup__Output as _manyhands_control_v1_Setup__Output } from './manyhands/control/v1/Setup.ts';
import type { StatusRequest as _manyhands_control_v1_StatusRequest, StatusRequest__Output as _manyhands_control_v1_StatusRequest__Output } from './manyhands/control/v1/StatusRequest.ts';
import type { StatusResponse as _manyhands_control_v1_StatusResponse, StatusResponse__Output as _manyhands_control_v1_StatusResponse__Output } from './manyhands/control/v1/StatusResponse.ts';
import type { SubmitRequest as _manyhands_control_v1_SubmitRequest, SubmitRequest__Output as _manyhands_control_v1_SubmitRequest__Output } from './manyhands/control/v1/SubmitRequest.ts';
import type { SubmitResponse as _manyhands_control_v1_SubmitResponse, SubmitResponse__Output as _manyhands_control_v1_SubmitResponse__Output } from './manyhands/control/v1/SubmitResponse.ts';
import type { Undelivered as _manyhands_control_v1_Undelivered, Undelivered__Output as _manyhands_control_v1_Undelivered__Output } from './manyhands/control/v1/Undelivered.ts';
import type { WatchRequest as _manyhands_control_v1_WatchRequest, WatchRequest__Output as _manyhands_control_v1_WatchRequest__Output } from './manyhands/control/v1/WatchRequest.ts';
import type { WatchResponse as _manyhands_control_v1_WatchResponse, WatchResponse__Output as _manyhands_control_v1_WatchResponse__Output } from './manyhands/control/v1/WatchResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  manyhands: {
    control: {
      v1: {
        CancelRequest: MessageTypeDefinition<_manyhands_control_v1_CancelRequest, _manyhands_control_v1_CancelRequest__Output>
        CancelResponse: MessageTypeDefinition<_manyhands_control_v1_CancelResponse, _manyhands_control_v1_CancelResponse__Output>
        Caught: MessageTypeDefinition<_manyhands_control_v1_Caught, _manyhands_control_v1_Caught__Output>
        Contribution: MessageTypeDefinition<_manyhands_control_v1_Contribution, _manyhands_control_v1_Contribution__Output>
        Control: SubtypeConstructor<typeof grpc.Client, _manyhands_control_v1_ControlClient> & { service: _manyhands_control_v1_ControlDefinition }
        Credibility: MessageTypeDefinition<_manyhands_control_v1_Credibility, _manyhands_control_v1_Credibility__Output>
        DataFile: MessageTypeDefinition<_manyhands_control_v1_DataFile, _manyhands_control_v1_DataFile__Output>
        Declined: MessageTypeDefinition<_manyhands_control_v1_Declined, _manyhands_control_v1_Declined__Output>
        ExportAuditRequest: MessageTypeDefinition<_manyhands_control_v1_ExportAuditRequest, _manyhands_control_v1_ExportAuditRequest__Output>
        ExportAuditResponse: MessageTypeDefinition<_manyhands_control_v1_ExportAuditResponse, _manyhands_control_v1_ExportAuditResponse__Output>
        ExportBackupRequest: MessageTypeDefinition<_manyhands_control_v1_ExportBackupRequest, _manyhands_control_v1_ExportBackupRequest__Output>
        ExportBackupResponse: MessageTypeDefinition<_manyhands_control_v1_ExportBackupResponse, _manyhands_control_v1_ExportBackupResponse__Output>
        Files: MessageTypeDefinition<_manyhands_control_v1_Files, _manyhands_control_v1_Files__Output>
        FinishRequest: MessageTypeDefinition<_manyhands_control_v1_FinishRequest, _manyhands_control_v1_FinishRequest__Output>
        FinishResponse: MessageTypeDefinition<_manyhands_control_v1_FinishResponse, _manyhands_control_v1_FinishResponse__Output>
        ForgetRequest: MessageTypeDefinition<_manyhands_control_v1_ForgetRequest, _manyhands_control_v1_ForgetRequest__Output>
        ForgetResponse: MessageTypeDefinition<_manyhands_control_v1_ForgetResponse, _manyhands_control_v1_ForgetResponse__Output>
        Job: MessageTypeDefinition<_manyhands_control_v1_Job, _manyhands_control_v1_Job__Output>
        ListJobsRequest: MessageTypeDefinition<_manyhands_control_v1_ListJobsRequest, _manyhands_control_v1_ListJobsRequest__Output>
        ListJobsResponse: MessageTypeDefinition<_manyhands_control_v1_ListJobsResponse, _manyhands_control_v1_ListJobsResponse__Output>
        ListPeersRequest: MessageTypeDefinition<_manyhands_control_v1_ListPeersRequest, _manyhands_control_v1_ListPeersRequest__Output>
        ListPeersResponse: MessageTypeDefinition<_manyhands_control_v1_ListPeersResponse, _manyhands_control_v1_ListPeersResponse__Output>
        ListReceiptsRequest: MessageTypeDefinition<_manyhands_control_v1_ListReceiptsRequest, _manyhands_control_v1_ListReceiptsRequest__Output>
        ListReceiptsResponse: MessageTypeDefinition<_manyhands_control_v1_ListReceiptsResponse, _manyhands_control_v1_ListReceiptsResponse__Output>
        PauseRequest: MessageTypeDefinition<_manyhands_control_v1_PauseRequest, _manyhands_control_v1_PauseRequest__Output>
        PauseResponse: MessageTypeDefinition<_manyhands_control_v1_PauseResponse, _manyhands_control_v1_PauseResponse__Output>
        Peer: MessageTypeDefinition<_manyhands_control_v1_Peer, _manyhands_control_v1_Peer__Output>
        Pieces: MessageTypeDefinition<_manyhands_control_v1_Pieces, _manyhands_control_v1_Pieces__Output>
        PutBlobRequest: MessageTypeDefinition<_manyhands_control_v1_PutBlobRequest, _manyhands_control_v1_PutBlobRequest__Output>
        PutBlobResponse: MessageTypeDefinition<_manyhands_control_v1_PutBlobResponse, _manyhands_control_v1_PutBlobResponse__Output>
        Range: MessageTypeDefinition<_manyhands_control_v1_Range, _manyhands_control_v1_Range__Output>
        Receipt: MessageTypeDefinition<_manyhands_control_v1_Receipt, _manyhands_control_v1_Receipt__Output>
        Refused: MessageTypeDefinition<_manyhands_control_v1_Refused, _manyhands_control_v1_Refused__Output>
        ResultRequest: MessageTypeDefinition<_manyhands_control_v1_ResultRequest, _manyhands_control_v1_ResultRequest__Output>
        ResultResponse: MessageTypeDefinition<_manyhands_control_v1_ResultResponse, _manyhands_control_v1_ResultResponse__Output>
        ResumeRequest: MessageTypeDefinition<_manyhands_control_v1_ResumeRequest, _manyhands_control_v1_ResumeRequest__Output>
        ResumeResponse: MessageTypeDefinition<_manyhands_control_v1_ResumeResponse, _manyhands_control_v1_ResumeResponse__Output>
        Setup: MessageTypeDefinition<_manyhands_control_v1_Setup, _manyhands_control_v1_Setup__Output>
        StatusRequest: MessageTypeDefinition<_manyhands_control_v1_StatusRequest, _manyhands_control_v1_StatusRequest__Output>
        StatusResponse: MessageTypeDefinition<_manyhands_control_v1_StatusResponse, _manyhands_control_v1_StatusResponse__Output>
        SubmitRequest: MessageTypeDefinition<_manyhands_control_v1_SubmitRequest, _manyhands_control_v1_SubmitRequest__Output>
        SubmitResponse: MessageTypeDefinition<_manyhands_control_v1_SubmitResponse, _manyhands_control_v1_SubmitResponse__Output>
        Undelivered: MessageTypeDefinition<_manyhands_control_v1_Undelivered, _manyhands_control_v1_Undelivered__Output>
        WatchRequest: MessageTypeDefinition<_manyhands_control_v1_WatchRequest, _manyhands_control_v1_WatchRequest__Output>
        WatchResponse: MessageTypeDefinition<_manyhands_control_v1_WatchResponse, _manyhands_control_v1_WatchResponse__Output>
      }
    }
  }
}

