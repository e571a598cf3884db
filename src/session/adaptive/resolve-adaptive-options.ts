import type * as v from 'valibot';
import { OptionError } from '../../core/errors.ts';
import {
  expectedText,
  integer,
  number,
  optional,
  optionsObject,
  parseOptions,
} from '../../core/options.ts';
import {
  ADAPTIVE_DEFAULTS,
  type AdaptiveMemoryOptions,
  type AdaptiveOptions,
  type BreakerOptions,
  type CooldownOptions,
  type EvidenceOptions,
  type LaneOptions,
  type PacingOptions,
  type PickOptions,
  type PoisonOptions,
  type ResolvedAdaptiveOptions,
  type SearchOptions,
  type TrialOptions,
} from './adaptive-options.ts';

const positive = (): v.GenericSchema<number> => number({ min: 0.001 });
const share = (): v.GenericSchema<number> => number({ min: 0, max: 1 });

const SCHEMA = optionsObject({
  pick: optional(
    group<PickOptions>({
      candidates: integer({ min: 1, max: 64 }),
      keepAbove: share(),
      useHalfLifeSecs: positive(),
      inFlightWeight: number({ min: 0 }),
      latencyMemory: integer({ min: 2, max: 255 }),
      latencyTolerance: number({ min: 1 }),
      latencyPower: number({ min: 0, max: 16 }),
      pacedLatencyPower: number({ min: 0, max: 16 }),
      makeshiftCandidates: integer({ min: 0, max: 256 }),
      exploreShare: share(),
      exploreAbove: share(),
      enoughUses: positive(),
    }),
  ),
  evidence: optional(
    group<EvidenceOptions>({
      pairHalfLifeSecs: positive(),
      proxyHalfLifeSecs: positive(),
      originStep: number({ min: 0.000_01, max: 1 }),
      originPrior: share(),
      pairPriorUses: positive(),
      proxyPriorGood: positive(),
      proxyPriorBad: positive(),
      timeoutOriginWeight: number({ min: 0 }),
      softBlockWeight: share(),
    }),
  ),
  pacing: optional(
    group<PacingOptions>({
      ceilingFactor: number({ min: 1 }),
      ceilingDoublingSecs: positive(),
      firstCut: number({ min: 0.01, max: 1 }),
      signalStep: number({ min: 0, max: 1 }),
      lossShare: share(),
      minSignalShare: share(),
      maxSignalShare: share(),
      steadyLead: number({ min: 1, max: 10 }),
      hasteAfter: positive(),
      longestIntervalSecs: positive(),
    }),
  ),
  search: optional(
    group<SearchOptions>({
      groups: integer({ min: 2, max: 250 }),
      mostScouts: integer({ min: 1 }),
      scoutLead: number({ min: 1, max: 100 }),
      scoutInFlight: integer({ min: 1 }),
      explorerLead: number({ min: 1, max: 100 }),
      readingSecs: positive(),
      readings: integer({ min: 1, max: 9 }),
      foundLead: number({ min: 1, max: 10 }),
      driftPerMinute: number({ min: 0, max: 1 }),
      limitShare: number({ min: 0.01, max: 1 }),
    }),
  ),
  lane: optional(
    group<LaneOptions>({
      addresses: integer({ min: 0, max: 256 }),
      step: number({ min: 1, max: 16 }),
      proofSecs: positive(),
      fall: share(),
    }),
  ),
  trial: optional(
    group<TrialOptions>({
      minGoodBefore: integer({ min: 0 }),
      minPredicted: share(),
      minBlocks: integer({ min: 1 }),
      minBlockShare: share(),
      minStickiness: share(),
      sureStickiness: share(),
      aheadBlocks: integer({ min: 1 }),
      massShare: share(),
      stuckShare: share(),
      retryWithinSecs: positive(),
      looseBlockShare: share(),
      stickinessUses: positive(),
      stickinessMemory: integer({ min: 2 }),
      windowSecs: positive(),
      rateShare: number({ min: 0.01, max: 1 }),
      blocks: positive(),
      minSecs: number({ min: 0 }),
      hazardShare: share(),
      restoreFactor: number({ min: 1 }),
      ignoreSecs: number({ min: 0 }),
    }),
  ),
  cooldown: optional(
    group<CooldownOptions>({
      throttleSecs: positive(),
      throttleIntervals: number({ min: 0 }),
      throttlesCountSecs: number({ min: 0 }),
      maxThrottleSecs: positive(),
      jitter: share(),
      doubtSecs: number({ min: 0 }),
      banSecs: positive(),
      minBanSecs: number({ min: 0 }),
      maxBanSecs: positive(),
      banGrowth: number({ min: 1, max: 10 }),
      goodProbeFactor: number({ min: 0.01, max: 1 }),
      blockedProbeFactor: number({ min: 1, max: 100 }),
      maxRestSecs: positive(),
      proxyFailureSecs: number({ min: 0 }),
      strangerFactor: number({ min: 1 }),
      strangerBanFactor: number({ min: 1 }),
    }),
  ),
  breaker: optional(
    group<BreakerOptions>({
      threshold: positive(),
      clamp: number({ min: 0.001, max: 0.49 }),
      minProxies: integer({ min: 1, max: 64 }),
      errorPageWeight: share(),
      probeShare: number({ min: 0.000_01, max: 1 }),
      minProbeSecs: positive(),
      maxProbeSecs: positive(),
      maxOpenSecs: positive(),
      closeAfter: integer({ min: 1 }),
      rampFrom: integer({ min: 1 }),
      quarantineSecs: positive(),
    }),
  ),
  poison: optional(
    group<PoisonOptions>({
      sessions: integer({ min: 1, max: 64 }),
      healthyAbove: share(),
      maxChance: share(),
    }),
  ),
  memory: optional(
    group<AdaptiveMemoryOptions>({
      origins: integer({ min: 1, max: 100_000 }),
      pairs: integer({ min: 16, max: 10_000_000 }),
      proxies: integer({ min: 0, max: 10_000_000 }),
      urls: integer({ min: 1, max: 1_000_000 }),
      records: integer({ min: 1, max: 1_000_000 }),
    }),
  ),
});

/** For the schema of the pool's options, so that errors name the whole path. */
export const ADAPTIVE_SCHEMA: v.GenericSchema<AdaptiveOptions> =
  SCHEMA as unknown as v.GenericSchema<AdaptiveOptions>;

/** Lower bounds that must not stand above their upper ones. */
const ORDERED: readonly (readonly [group: 'cooldown' | 'breaker', lower: string, upper: string])[] =
  [
    ['cooldown', 'minBanSecs', 'banSecs'],
    ['cooldown', 'banSecs', 'maxBanSecs'],
    ['breaker', 'minProbeSecs', 'maxProbeSecs'],
  ];

/** @throws OptionError */
export function resolveAdaptiveOptions(input: AdaptiveOptions = {}): ResolvedAdaptiveOptions {
  const options = parseOptions(SCHEMA, input, 'adaptive') as AdaptiveOptions;
  const groups = Object.entries(ADAPTIVE_DEFAULTS).map(([name, defaults]) => {
    const own = definedOnly(options[name as keyof AdaptiveOptions] ?? {});
    return [name, Object.freeze({ ...defaults, ...own })] as const;
  });
  const resolved = Object.freeze(Object.fromEntries(groups)) as ResolvedAdaptiveOptions;
  for (const [group, lower, upper] of ORDERED) {
    const values = resolved[group] as Readonly<Record<string, number>>;
    const least = values[lower] as number;
    if ((values[upper] as number) >= least) continue;
    const option = `adaptive.${group}.${upper}`;
    const expectation = `a number ≥ \`${lower}\` (${least})`;
    throw new OptionError(option, expectedText(option, expectation, values[upper]));
  }
  return resolved;
}

/** Every key of a group may be left out; the compiler sees to it that none is forgotten here. */
function group<Group extends object>(
  entries: Readonly<Record<keyof Group & string, v.GenericSchema<number>>>,
): v.GenericSchema<Group> {
  const optionals = Object.entries<v.GenericSchema<number>>(entries).map(([name, schema]) => [
    name,
    optional(schema),
  ]);
  return optionsObject(Object.fromEntries(optionals)) as unknown as v.GenericSchema<Group>;
}

function definedOnly(own: object): object {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
