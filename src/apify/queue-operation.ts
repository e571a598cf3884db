import type { Request } from '../queue/request.ts';
import type { AddedRequestInfo } from '../queue/request-adder.ts';

/** What became of a request that was added, handled or given back. */
export interface QueueOperationInfo {
  readonly requestId: string;
  readonly wasAlreadyPresent: boolean;
  readonly wasAlreadyHandled: boolean;
  readonly request: Request;
}

export function operationInfo(info: AddedRequestInfo, request: Request): QueueOperationInfo {
  const { requestId, wasAlreadyPresent, wasAlreadyHandled } = info;
  return { requestId, wasAlreadyPresent, wasAlreadyHandled, request };
}
