import { Request } from '../queue/request.ts';
import type { RequestOptions } from '../queue/request-options.ts';
import { RequestQueue as EngineQueue } from '../queue/request-queue.ts';
import { actorRun, type Ending } from './actor-run.ts';
import { log } from './log.ts';
import { operationInfo, type QueueOperationInfo } from './queue-operation.ts';
import { nameToOpen, type OpenOptions } from './storage/local-folder.ts';

export interface RequestQueueInfo {
  readonly id: string;
  readonly name: string;
  readonly totalRequestCount: number;
  readonly handledRequestCount: number;
  readonly pendingRequestCount: number;
}

let readQueue: (queue: RequestQueue) => EngineQueue;

/** The queue as a crawler takes it: the engine's own as it is. */
export function engineQueueOf(queue: RequestQueue | EngineQueue): EngineQueue {
  return queue instanceof EngineQueue ? queue : readQueue(queue);
}

/** A queue kept in the local folder, and never emptied by itself. New name: `RequestQueue` of `troupe`. */
export class RequestQueue implements Ending {
  static {
    readQueue = (queue) => queue.#queue;
  }

  readonly id: string;
  readonly name: string;
  readonly #queue: EngineQueue;

  /** Made by {@link openRequestQueue}. */
  constructor(queue: EngineQueue) {
    this.id = queue.name;
    this.name = queue.name;
    this.#queue = queue;
    actorRun.enter(this);
  }

  /** New name: `addRequest()`. @throws OptionError */
  async addRequest(
    requestLike: Request | RequestOptions,
    options: { forefront?: boolean } = {},
  ): Promise<QueueOperationInfo> {
    const request = requestLike instanceof Request ? requestLike : new Request(requestLike);
    return operationInfo(await actorRun.track(this.#queue.addRequest(request, options)), request);
  }

  getRequest(id: string): Promise<Request | null> {
    return this.#queue.getRequest(id);
  }

  fetchNextRequest(): Promise<Request | null> {
    return this.#queue.fetchNextRequest();
  }

  /** `null` when another process has taken the request over meanwhile. @throws TroupeError `TROUPE_REQUEST_NOT_FETCHED` */
  async markRequestHandled(request: Request): Promise<QueueOperationInfo | null> {
    const info = await this.#queue.markRequestHandled(request);
    return info && operationInfo(info, request);
  }

  /** As {@link RequestQueue.markRequestHandled}. */
  async reclaimRequest(
    request: Request,
    options: { forefront?: boolean } = {},
  ): Promise<QueueOperationInfo | null> {
    const info = await this.#queue.reclaimRequest(request, options);
    return info && operationInfo(info, request);
  }

  isEmpty(): Promise<boolean> {
    return this.#queue.isEmpty();
  }

  isFinished(): Promise<boolean> {
    return this.#queue.isFinished();
  }

  handledCount(): Promise<number> {
    return this.#queue.handledCount();
  }

  async getInfo(): Promise<RequestQueueInfo> {
    const { totalRequestCount, handledRequestCount } = await this.#queue.getInfo();
    return {
      id: this.id,
      name: this.name,
      totalRequestCount,
      handledRequestCount,
      pendingRequestCount: totalRequestCount - handledRequestCount,
    };
  }

  async drop(): Promise<void> {
    actorRun.leave(this);
    await this.#queue.drop();
  }

  /** Writes what is pending and gives back what is in use. */
  async end(): Promise<void> {
    await this.#queue.close();
  }
}

/** Opens a queue by its name. New name: `RequestQueue.open()` of `troupe`. @default the queue `APIFY_DEFAULT_REQUEST_QUEUE_ID` names, else `default` */
export async function openRequestQueue(
  queueIdOrName?: string | null,
  options: OpenOptions = {},
): Promise<RequestQueue> {
  const name = nameToOpen(queueIdOrName, 'APIFY_DEFAULT_REQUEST_QUEUE_ID', options);
  const storage = actorRun.storage();
  return new RequestQueue(
    await EngineQueue.open({ storage, name, log: log.toEngine('RequestQueue') }),
  );
}
