import type { Policy } from '../policies/policy.ts';
import type { ResolvedWorld } from '../worlds/world.ts';
import type { WorldReport } from './comparison.ts';

export interface LabPageParts {
  readonly worlds: readonly ResolvedWorld[];
  readonly policies: readonly Policy[];
  readonly seeds: readonly (number | string)[];
  readonly reports: readonly WorldReport[];
}

/** The lab's result as a page of its own that loads nothing. */
export function labPage(parts: LabPageParts): string {
  return `<!doctype html><pre>${JSON.stringify(parts.reports)}</pre>`;
}
