export { type FittedField, type FittedWorld, fitWorld } from './lab/fit/fit-world.ts';
export type { Fitted } from './lab/fit/fitted.ts';
export { type LoggedOutcome, loggedOutcome, parseOutcomeLog } from './lab/fit/outcome-log.ts';
export { LabFileError } from './lab/lab-file-error.ts';
export { SocketWorld, type SocketWorldReport } from './lab/local/socket-world.ts';
export { BUILT_IN_POLICIES } from './lab/policies/built-in.ts';
export { findPolicy } from './lab/policies/find-policy.ts';
export type { Oracle, Policy, PolicyAtWork, PoolPolicy, Scene } from './lab/policies/policy.ts';
export { compareRuns, type PolicyReport, type WorldReport } from './lab/report/comparison.ts';
export type { Estimate } from './lab/report/estimate.ts';
export { type LabPageParts, labPage } from './lab/report/page.ts';
export { type LabOptions, type LabProgress, runLab } from './lab/simulation/run-lab.ts';
export type { RunResult, RunSeries } from './lab/simulation/run-result.ts';
export { type SimulateOptions, simulate } from './lab/simulation/simulate.ts';
export type { Attempted } from './lab/simulation/simulated-crawl.ts';
export { BUILT_IN_WORLDS, type BuiltInWorld, type WorldRole } from './lab/worlds/built-in.ts';
export { findWorld } from './lab/worlds/find-world.ts';
export { resolveWorld } from './lab/worlds/resolve-world.ts';
export type {
  Amount,
  Ban,
  CrawlShape,
  Outage,
  ProxyGroup,
  ProxyState,
  RateLimit,
  ResolvedWorld,
  Site,
  World,
} from './lab/worlds/world.ts';
