import { OptionError } from '../../core/errors.ts';
import {
  integer,
  number,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../../core/options.ts';
import { OUTCOME_KINDS, type Outcome, type OutcomeKind } from '../../session/outcome.ts';
import { LabFileError } from '../lab-file-error.ts';

/** One attempt of a crawl: a line of JSON in an outcome log. */
export interface LoggedOutcome {
  /** When the outcome was known, ms since 1970. */
  readonly at: number;
  /** Host and port, or any other name without secrets; `direct` without a proxy. */
  readonly proxy: string;
  /** Such as `https://example.com`. */
  readonly origin: string;
  readonly kind: OutcomeKind;
  readonly status?: number;
  /** From sending to the outcome. */
  readonly latencyMs?: number;
  readonly retryAfterSecs?: number;
}

const LINE = optionsObject({
  at: number({ min: 0 }),
  proxy: text(),
  origin: text(),
  kind: oneOf(OUTCOME_KINDS),
  status: optional(integer({ min: 100, max: 999 })),
  latencyMs: optional(number({ min: 0 })),
  retryAfterSecs: optional(number({ min: 0 })),
});

/** What a log keeps of an outcome: of the proxy's URL no more than host and port, of the page's only the origin. */
export function loggedOutcome(attempt: {
  readonly atMs: number;
  readonly proxyUrl: string | null;
  readonly url: string;
  readonly outcome: Outcome;
}): LoggedOutcome {
  const { kind, status, latencyMs, retryAfterSecs } = attempt.outcome;
  return {
    at: Math.round(attempt.atMs * 1000) / 1000,
    proxy: attempt.proxyUrl === null ? 'direct' : hostOf(attempt.proxyUrl),
    origin: URL.canParse(attempt.url) ? new URL(attempt.url).origin : 'unknown',
    kind,
    ...(status !== undefined && { status }),
    ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs * 1000) / 1000 }),
    ...(retryAfterSecs !== undefined && { retryAfterSecs }),
  };
}

/**
 * Reads a log. A last line that breaks off, as a killed crawl leaves it, is passed over.
 *
 * @throws LabFileError that names the line, the field and the value
 */
export function parseOutcomeLog(content: string, file: string): LoggedOutcome[] {
  const lines = content.split('\n');
  const outcomes: LoggedOutcome[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const outcome = parseLine(line, index === lines.length - 1, `${file}:${index + 1}`);
    if (outcome) outcomes.push(outcome);
  }
  return outcomes;
}

function parseLine(line: string, isUnfinished: boolean, where: string): LoggedOutcome | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (isUnfinished) return undefined;
    throw new LabFileError(where, `${where} is no JSON`, { cause: error });
  }
  try {
    return parseOptions(LINE, value, 'an outcome') as LoggedOutcome;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new LabFileError(where, `${where}: ${error.message}`, { cause: error });
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'unknown';
}
