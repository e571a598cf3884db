import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

export interface Load {
  /** How late the event loop was on average since the last sample. */
  readonly loopDelayMs: number;
  /** Share of the time the event loop was busy since the last sample, 0 to 1. */
  readonly loopUse: number;
  /** Share of the memory the process may have, 0 to 1. */
  readonly memoryUse: number;
}

/** Measures how busy this process is. Each sample covers the time since the one before. */
export interface LoadProbe {
  sample(): Load;
  close(): void;
}

const RESOLUTION_MS = 20;

/** The real load of this process: event loop, heap and resident memory. */
export class SystemLoadProbe implements LoadProbe {
  readonly #histogram: IntervalHistogram;
  readonly #maxHeapBytes: number;
  readonly #maxMemoryBytes: number;
  #utilization: ReturnType<typeof performance.eventLoopUtilization>;

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    this.#maxHeapBytes = getHeapStatistics().heap_size_limit;
    // 0 where the process has no limit of its own, and absurdly large with some container runtimes.
    const constrained = process.constrainedMemory();
    this.#maxMemoryBytes =
      constrained > 0 && constrained < 2 ** 50 ? constrained : Number.POSITIVE_INFINITY;
    this.#utilization = performance.eventLoopUtilization();
  }

  sample(): Load {
    const isMeasured = this.#histogram.count > 0;
    const meanMs = isMeasured ? this.#histogram.mean / 1e6 : RESOLUTION_MS;
    this.#histogram.reset();
    const utilization = performance.eventLoopUtilization();
    const { utilization: loopUse } = performance.eventLoopUtilization(
      utilization,
      this.#utilization,
    );
    this.#utilization = utilization;
    const memory = process.memoryUsage();
    return {
      loopDelayMs: Math.max(0, meanMs - RESOLUTION_MS),
      loopUse,
      memoryUse: Math.max(memory.heapUsed / this.#maxHeapBytes, memory.rss / this.#maxMemoryBytes),
    };
  }

  close(): void {
    this.#histogram.disable();
  }
}
