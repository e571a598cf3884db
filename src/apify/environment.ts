/** The variables the platform, or whoever runs an actor, sets. Read at each use: an actor may set them itself. */
export function variable(name: `APIFY_${string}`): string | undefined {
  return process.env[name] || undefined;
}

/** @returns `fallback` when the variable is missing or no number */
export function numericVariable(name: `APIFY_${string}`, fallback: number): number {
  const value = Number(variable(name) ?? Number.NaN);
  return Number.isFinite(value) ? value : fallback;
}

/** What the `APIFY_` variables say about the run; `null` for what is missing or malformed. */
export interface ApifyEnv {
  readonly actorId: string | null;
  readonly actorRunId: string | null;
  readonly actorTaskId: string | null;
  readonly userId: string | null;
  readonly token: string | null;
  readonly startedAt: Date | null;
  readonly timeoutAt: Date | null;
  readonly defaultKeyValueStoreId: string | null;
  readonly defaultDatasetId: string | null;
  readonly memoryMbytes: number | null;
}

/** What the environment says about this run. New name: read `process.env`. */
export function getEnv(): ApifyEnv {
  return {
    actorId: variable('APIFY_ACTOR_ID') ?? null,
    actorRunId: variable('APIFY_ACTOR_RUN_ID') ?? null,
    actorTaskId: variable('APIFY_ACTOR_TASK_ID') ?? null,
    userId: variable('APIFY_USER_ID') ?? null,
    token: variable('APIFY_TOKEN') ?? null,
    startedAt: dateOf(variable('APIFY_STARTED_AT')),
    timeoutAt: dateOf(variable('APIFY_TIMEOUT_AT')),
    defaultKeyValueStoreId: variable('APIFY_DEFAULT_KEY_VALUE_STORE_ID') ?? null,
    defaultDatasetId: variable('APIFY_DEFAULT_DATASET_ID') ?? null,
    memoryMbytes: integerOf(variable('APIFY_MEMORY_MBYTES')),
  };
}

/** Whether the platform runs this process. New name: read `process.env`. */
export function isAtHome(): boolean {
  return variable('APIFY_IS_AT_HOME') !== undefined;
}

function dateOf(text: string | undefined): Date | null {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

function integerOf(text: string | undefined): number | null {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? null : value;
}
