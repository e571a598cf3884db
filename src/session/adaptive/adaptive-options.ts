/** How a session is chosen. */
export interface PickOptions {
  /** Ready sessions looked at for each lease. @default 8 */
  readonly candidates?: number;
  /** Those below this share of the best prediction are left out. @default 0.9 */
  readonly keepAbove?: number;
  /** Recent use of an address counts with this half-life. @default 60 */
  readonly useHalfLifeSecs?: number;
  /** How many recent uses an open lease weighs as much as. @default 2 */
  readonly inFlightWeight?: number;
  /** The latency of an address is the mean of about so many of its last answers. @default 16 */
  readonly latencyMemory?: number;
  /** Latencies within this factor of the origin's median count as alike. @default 1.3 */
  readonly latencyTolerance?: number;
  /** A use counts for the latency beyond that, over the median, to this power. @default 2 */
  readonly latencyPower?: number;
  /** And to this one where a pace is learnt, which keeps fast addresses from being overrun. @default 4 */
  readonly pacedLatencyPower?: number;
  /** So many more are looked at where much faster addresses may not be used for their pace alone. @default 16 */
  readonly makeshiftCandidates?: number;
  /** In this share of the picks addresses of which nothing is known have their turn although known ones are idle. @default 0.005 */
  readonly exploreShare?: number;
  /** They have it in all picks while newcomers succeed more often than this. @default 0.8 */
  readonly exploreAbove?: number;
  /** A known address that was used so often of late has enough to do, and others are tried out. @default 40 */
  readonly enoughUses?: number;
}

/** What is believed of addresses and origins, and how long. */
export interface EvidenceOptions {
  /** Half-life of what an address came to on one origin. @default 1800 */
  readonly pairHalfLifeSecs?: number;
  /** Half-life of what a proxy came to as a proxy. @default 600 */
  readonly proxyHalfLifeSecs?: number;
  /** Step of the moving average of an origin's successes. @default 0.01 */
  readonly originStep?: number;
  /** Where that average begins. @default 0.95 */
  readonly originPrior?: number;
  /** An address that is new to an origin is believed like so many uses of the others there. @default 4 */
  readonly pairPriorUses?: number;
  /** Successes a new proxy is credited with. @default 3.6 */
  readonly proxyPriorGood?: number;
  /** Failures a new proxy is charged with. @default 0.4 */
  readonly proxyPriorBad?: number;
  /** Odds of the origin's failing are weighed with this when a timeout is shared out. @default 0.3 */
  readonly timeoutOriginWeight?: number;
  /** How much a block page with a good status counts against the address; a 401 or 403 counts 1. @default 0.5 */
  readonly softBlockWeight?: number;
}

/** How often one address may ask one origin. */
export interface PacingOptions {
  /** The ceiling lies so many times above the mean load of an address when the origin first objects. @default 1.5 */
  readonly ceilingFactor?: number;
  /** The ceiling doubles after so long, while it binds. @default 60 */
  readonly ceilingDoublingSecs?: number;
  /** The first signal cuts the rate to this share of what was observed. @default 0.5 */
  readonly firstCut?: number;
  /** Each further signal divides the rate by e to the power of this. @default 0.15 */
  readonly signalStep?: number;
  /** Signals may cost this share of all requests: the more one costs, the rarer they are to be. @default 0.04 */
  readonly lossShare?: number;
  /** Signals for each success in the long run, at least. @default 0.0005 */
  readonly minSignalShare?: number;
  /** And at most. @default 0.003 */
  readonly maxSignalShare?: number;
  /** Once a rate is learnt scouts go so many times as fast as the others, where a signal is dear. @default 1.1 */
  readonly steadyLead?: number;
  /** The rate rises twice as fast after so many times the successes between two signals in the long run, and so on. @default 2 */
  readonly hasteAfter?: number;
  /** The rate never falls below one request in so many seconds. @default 120 */
  readonly longestIntervalSecs?: number;
}

/** How a hidden limit is read off the blocks. */
export interface SearchOptions {
  /** One group of addresses in so many are scouts, and another one explorers: addresses of one /24 are a group. @default 10 */
  readonly groups?: number;
  /** Scouting networks at most, and as many exploring ones, however large the fleet. @default 5 */
  readonly mostScouts?: number;
  /** While nothing is learnt a scout is used so many times as much as the others. @default 6 */
  readonly scoutLead?: number;
  /** With at most so many requests at once. @default 3 */
  readonly scoutInFlight?: number;
  /** While the rate is looked for explorers go so many times as fast as the others. @default 2.5 */
  readonly explorerLead?: number;
  /** Explorers go as fast as to be blocked after about so long. @default 25 */
  readonly readingSecs?: number;
  /** The search is over after so many readings. @default 3 */
  readonly readings?: number;
  /** Then scouts go so many times as fast as the others, in a fleet of many networks. @default 1.03 */
  readonly foundLead?: number;
  /** The rate that was found rises by this share in a minute, once a ban would be paid for. @default 0.02 */
  readonly driftPerMinute?: number;
  /** The rate is set to this share of the limit that was read, at least. @default 0.97 */
  readonly limitShare?: number;
}

/** How far addresses that answer much sooner than most are given more than an equal share. */
export interface LaneOptions {
  /** So many of the fastest; 0 for none. @default 32 */
  readonly addresses?: number;
  /** The one that leads goes so many times as fast as any is known to have gone. @default 2 */
  readonly step?: number;
  /** What it bears for so long the others may be given, too. @default 5 */
  readonly proofSecs?: number;
  /** When that is found to be too much, this share of what was borne is left. @default 0.25 */
  readonly fall?: number;
}

/** When blocks are taken for a sign that the pace is too high, and the trial of that belief. */
export interface TrialOptions {
  /** A block counts as a signal on an address that had so many successes since its last one. @default 3 */
  readonly minGoodBefore?: number;
  /** And only where success was expected with at least this probability. @default 0.8 */
  readonly minPredicted?: number;
  /** Signals are heeded from so many within `windowSecs`. @default 5 */
  readonly minBlocks?: number;
  /** And from this share of the successes. @default 0.02 */
  readonly minBlockShare?: number;
  /** Blocks stick when the request after one is blocked more often than this. @default 0.4 */
  readonly minStickiness?: number;
  /** Blocks that stick more often than this are bans. @default 0.7 */
  readonly sureStickiness?: number;
  /** They are heeded from so many on, where hardly anybody but scouts and the fastest meet them. @default 3 */
  readonly aheadBlocks?: number;
  /** Or where they meet this share of all addresses within `windowSecs`. @default 0.33 */
  readonly massShare?: number;
  /** Not all blocks are chance where this share of all addresses stays shut out within `windowSecs`. @default 0.2 */
  readonly stuckShare?: number;
  /** An address that is let in again shows that a block did not stick only within so long. @default 15 */
  readonly retryWithinSecs?: number;
  /** Blocks that do not stick are heeded from this share of the successes. @default 0.15 */
  readonly looseBlockShare?: number;
  /** So many requests after blocks weigh as much as knowing nothing. @default 4 */
  readonly stickinessUses?: number;
  /** Older ones than the last so many are forgotten. @default 50 */
  readonly stickinessMemory?: number;
  /** @default 30 */
  readonly windowSecs?: number;
  /** The verdict is reached at this share of the rate before the first cut. @default 0.1 */
  readonly rateShare?: number;
  /** And after as many results as would bring so many blocks at their former hazard. @default 6 */
  readonly blocks?: number;
  /** Time at that rate before the verdict. @default 5 */
  readonly minSecs?: number;
  /** Blocks are not about the rate when more than this share of their hazard is left. @default 0.7 */
  readonly hazardShare?: number;
  /** The rate is then restored to so many times the one before the cut. @default 1.5 */
  readonly restoreFactor?: number;
  /** And blocks are no signal for so long. @default 600 */
  readonly ignoreSecs?: number;
}

/** How long an address rests on an origin. */
export interface CooldownOptions {
  /** Shortest first rest after a 429. @default 5 */
  readonly throttleSecs?: number;
  /** And so many times the interval between two requests. @default 3 */
  readonly throttleIntervals?: number;
  /** 429s that do not say how long to wait may count as in a row for so long, though there was success in between. @default 60 */
  readonly throttlesCountSecs?: number;
  /** A `Retry-After` is honoured however long; other rests after a 429 end here. @default 300 */
  readonly maxThrottleSecs?: number;
  /** Rests after a 429 vary by up to this share, and never end before `Retry-After`. @default 0.25 */
  readonly jitter?: number;
  /** First rest after a block that may have been chance, at most. @default 5 */
  readonly doubtSecs?: number;
  /** First guess at how long a ban lasts. @default 20 */
  readonly banSecs?: number;
  /** @default 5 */
  readonly minBanSecs?: number;
  /** @default 300 */
  readonly maxBanSecs?: number;
  /** An address that is still banned is tried again when its whole wait has grown by at most this factor, until it is known how long bans last. @default 1.5 */
  readonly banGrowth?: number;
  /** The guess is multiplied by this when the address is let in sooner than it says. @default 0.95 */
  readonly goodProbeFactor?: number;
  /** And by this when it is still banned later. @default 1.05 */
  readonly blockedProbeFactor?: number;
  /** Doubling ends here. @default 3600 */
  readonly maxRestSecs?: number;
  /** First rest of a proxy that failed; doubles with each further failure in a row. @default 10 */
  readonly proxyFailureSecs?: number;
  /** Proxies through which nothing ever came rest so many times as long, where others work. @default 20 */
  readonly strangerFactor?: number;
  /** Addresses that an origin never let in rest so many times as long there, where others are let in. @default 6 */
  readonly strangerBanFactor?: number;
}

/** When an origin counts as down. */
export interface BreakerOptions {
  /** The score at which it opens. @default 10 */
  readonly threshold?: number;
  /** Predictions are kept between this and 1 minus this. @default 0.05 */
  readonly clamp?: number;
  /** Failures must come from so many proxies, or from all there are. @default 5 */
  readonly minProxies?: number;
  /** An error page, such as a 500, counts for so much: the page may be broken, and not the origin. @default 0.2 */
  readonly errorPageWeight?: number;
  /** Probes take at most this share of the former throughput. @default 0.01 */
  readonly probeShare?: number;
  /** @default 2 */
  readonly minProbeSecs?: number;
  /** @default 30 */
  readonly maxProbeSecs?: number;
  /** After so long without an answer it gives up: failures count as everywhere, until something succeeds. @default 660 */
  readonly maxOpenSecs?: number;
  /** Good probes after which it closes. @default 2 */
  readonly closeAfter?: number;
  /** Leases in parallel when it closes; one more with each success. @default 4 */
  readonly rampFrom?: number;
  /** Longest quarantine of a session whose blame is not settled. @default 60 */
  readonly quarantineSecs?: number;
}

/** When a URL is blamed instead of the sessions. */
export interface PoisonOptions {
  /** Healthy sessions it must have been blocked on. @default 3 */
  readonly sessions?: number;
  /** A session is healthy when its predicted success is above this. @default 0.6 */
  readonly healthyAbove?: number;
  /** It is blamed when chance alone would have brought that about at most this often. @default 0.000001 */
  readonly maxChance?: number;
}

/** How much is remembered; what was used longest ago is forgotten first. */
export interface AdaptiveMemoryOptions {
  /** @default 1000 */
  readonly origins?: number;
  /** Addresses and origins together: one for each address on each origin it has been used on. @default 100000 */
  readonly pairs?: number;
  /** Proxies that no session of the pool has any more. @default 10000 */
  readonly proxies?: number;
  /** URLs that have been blocked lately. @default 1000 */
  readonly urls?: number;
  /** Picks and verdicts that can be explained. @default 4096 */
  readonly records?: number;
}

/** Parameters of `selection: 'adaptive'`. */
export interface AdaptiveOptions {
  readonly pick?: PickOptions;
  readonly evidence?: EvidenceOptions;
  readonly pacing?: PacingOptions;
  readonly search?: SearchOptions;
  readonly lane?: LaneOptions;
  readonly trial?: TrialOptions;
  readonly cooldown?: CooldownOptions;
  readonly breaker?: BreakerOptions;
  readonly poison?: PoisonOptions;
  readonly memory?: AdaptiveMemoryOptions;
}

export type ResolvedAdaptiveOptions = {
  readonly [Group in keyof AdaptiveOptions]-?: Readonly<
    Required<NonNullable<AdaptiveOptions[Group]>>
  >;
};

export const ADAPTIVE_DEFAULTS: ResolvedAdaptiveOptions = Object.freeze({
  pick: Object.freeze({
    candidates: 8,
    keepAbove: 0.9,
    useHalfLifeSecs: 60,
    inFlightWeight: 2,
    latencyMemory: 16,
    latencyTolerance: 1.3,
    latencyPower: 2,
    pacedLatencyPower: 4,
    makeshiftCandidates: 16,
    exploreShare: 0.005,
    exploreAbove: 0.8,
    enoughUses: 40,
  }),
  evidence: Object.freeze({
    pairHalfLifeSecs: 1800,
    proxyHalfLifeSecs: 600,
    originStep: 0.01,
    originPrior: 0.95,
    pairPriorUses: 4,
    proxyPriorGood: 3.6,
    proxyPriorBad: 0.4,
    timeoutOriginWeight: 0.3,
    softBlockWeight: 0.5,
  }),
  pacing: Object.freeze({
    ceilingFactor: 1.5,
    ceilingDoublingSecs: 60,
    firstCut: 0.5,
    signalStep: 0.15,
    lossShare: 0.04,
    minSignalShare: 0.0005,
    maxSignalShare: 0.003,
    steadyLead: 1.1,
    hasteAfter: 2,
    longestIntervalSecs: 120,
  }),
  search: Object.freeze({
    groups: 10,
    mostScouts: 5,
    scoutLead: 6,
    scoutInFlight: 3,
    explorerLead: 2.5,
    readingSecs: 25,
    readings: 3,
    limitShare: 0.97,
    foundLead: 1.03,
    driftPerMinute: 0.02,
  }),
  lane: Object.freeze({ addresses: 32, step: 2, proofSecs: 5, fall: 0.25 }),
  trial: Object.freeze({
    minGoodBefore: 3,
    minPredicted: 0.8,
    minBlocks: 5,
    minBlockShare: 0.02,
    minStickiness: 0.4,
    sureStickiness: 0.7,
    aheadBlocks: 3,
    massShare: 0.33,
    stuckShare: 0.2,
    retryWithinSecs: 15,
    looseBlockShare: 0.15,
    stickinessUses: 4,
    stickinessMemory: 50,
    windowSecs: 30,
    rateShare: 0.1,
    blocks: 6,
    minSecs: 5,
    hazardShare: 0.7,
    restoreFactor: 1.5,
    ignoreSecs: 600,
  }),
  cooldown: Object.freeze({
    throttleSecs: 5,
    throttleIntervals: 3,
    throttlesCountSecs: 60,
    maxThrottleSecs: 300,
    jitter: 0.25,
    doubtSecs: 5,
    banSecs: 20,
    minBanSecs: 5,
    maxBanSecs: 300,
    banGrowth: 1.5,
    goodProbeFactor: 0.95,
    blockedProbeFactor: 1.05,
    maxRestSecs: 3600,
    proxyFailureSecs: 10,
    strangerFactor: 20,
    strangerBanFactor: 6,
  }),
  breaker: Object.freeze({
    threshold: 10,
    clamp: 0.05,
    minProxies: 5,
    errorPageWeight: 0.2,
    probeShare: 0.01,
    minProbeSecs: 2,
    maxProbeSecs: 30,
    maxOpenSecs: 660,
    closeAfter: 2,
    rampFrom: 4,
    quarantineSecs: 60,
  }),
  poison: Object.freeze({ sessions: 3, healthyAbove: 0.6, maxChance: 0.000_001 }),
  memory: Object.freeze({
    origins: 1000,
    pairs: 100_000,
    proxies: 10_000,
    urls: 1000,
    records: 4096,
  }),
});
