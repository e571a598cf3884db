import { createClient } from '@redis/client';
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { FakeClock } from '../../src/core/fake-clock.ts';
import { resolveRedisOptions } from '../../src/storage/redis/redis-options.ts';
import { RedisSessionStore } from '../../src/storage/redis/redis-session-store.ts';
import { StoreTime } from '../../src/storage/redis/store-time.ts';
import type { HandWorker } from '../support/hand-worker.ts';
import { HandWorld } from '../support/hand-world.ts';
import { auditPool } from '../support/pool-audit.ts';
import { RedisServer } from '../support/redis-server.ts';
import { RepeatingLink } from '../support/repeating-link.ts';

const MOST_WORKERS = 4;
const SETTINGS = { leaseMs: 10_000, maxPoolSize: 6, usesAhead: 3, maxUsageCount: 7 };

let server: RedisServer;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  server = await RedisServer.start();
  client = createClient({ url: server.url });
  await client.connect();
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

type Act = (world: HandWorld, worker: HandWorker, pick: number, count: number) => unknown;

/** One thing that happens in the world; `pick` chooses among what there is. */
class Step implements fc.AsyncCommand<HandWorld, HandWorld> {
  readonly #name: string;
  readonly #act: Act;
  readonly #numbers: readonly [worker: number, pick: number, count: number];

  constructor(name: string, act: Act, numbers: readonly [number, number, number]) {
    this.#name = name;
    this.#act = act;
    this.#numbers = numbers;
  }

  check(world: HandWorld): boolean {
    return this.#name === 'join'
      ? workersOf(world).length < MOST_WORKERS
      : workersOf(world).length > 0;
  }

  async run(world: HandWorld): Promise<void> {
    const [who, pick, count] = this.#numbers;
    await this.#act(world, picked(workersOf(world), who) as HandWorker, pick, count);
    await world.check();
  }

  toString(): string {
    return `${this.#name}(${this.#numbers.join(', ')})`;
  }
}

const ACTS: Readonly<Record<string, Act>> = {
  join: (world) => world.join(),
  take: (world, worker, pick, count) => world.take(worker, count, pick % 3, []),
  takeByIds: (world, worker, pick, count) =>
    world.take(worker, pick % 2, 0, rotated(world.ids, pick).slice(0, count)),
  use: (world, worker, pick) => {
    const id = picked(worker.usable, pick);
    if (id !== undefined) world.use(worker, id);
  },
  sync: (world, worker) => world.tell(worker, () => worker.sync()),
  giveBack: (world, worker, pick) => {
    const id = picked([...worker.held.keys()], pick);
    return id !== undefined && world.tell(worker, () => worker.giveBack(id));
  },
  retire: (world, worker, pick) => {
    const id = picked([...worker.held.keys()], pick);
    return id !== undefined && world.retire(worker, id);
  },
  retireBySave: (world, _worker, pick) => {
    const id = picked(world.ids, pick);
    return id !== undefined && world.retireBySave(id);
  },
  create: (world, worker) => worker.places > 0 && world.create(worker),
  giveUpPlaces: (world, worker) => {
    const unusedPlaces = worker.places;
    worker.places = 0;
    return world.tell(worker, () => worker.sync({ unusedPlaces }));
  },
  reportLoad: (world, worker, pick) => world.tell(worker, () => worker.reportLoad(pick / 10)),
  leave: (world, worker) => world.tell(worker, () => worker.leave()),
  crash: (_world, worker) => {
    worker.isGone = true;
  },
  handOver: async (world, worker, pick, count) => {
    const id = picked(worker.usable, pick);
    const next = picked(workersOf(world), count) as HandWorker;
    if (id === undefined || next === worker) return;
    world.use(worker, id);
    await world.tell(worker, () => worker.giveBack(id));
    await world.take(next, 0, 0, [id]);
    if (next.usable.includes(id)) world.use(next, id);
  },
  dieInUse: async (world, worker, _pick, count) => {
    for (const id of worker.usable) world.use(worker, id);
    worker.isGone = true;
    await world.clock.advance(world.settings.leaseMs);
    const heir = picked(workersOf(world), count);
    if (!heir) return;
    await world.tell(heir, () => heir.sync());
    await world.take(heir, 9, 0, []);
    for (const id of heir.usable) world.use(heir, id);
  },
  pass: (world, _worker, pick) => world.clock.advance(pick * 100),
  passAlmostLease: (world, _worker, pick) => world.clock.advance(world.settings.leaseMs - 1 - pick),
  passLease: (world) => world.clock.advance(world.settings.leaseMs),
  loseAnswer: (world, _worker, pick) => world.link.loseNextAnswer(pick * 300),
};

/** What happens more often than the rest. */
const COMMON = [
  'handOver',
  'dieInUse',
  'take',
  'take',
  'use',
  'use',
  'use',
  'sync',
  'giveBack',
  'pass',
  'join',
  'create',
];

it('never has a session in two hands, nor exceeds a limit, nor loses one, whatever happens to workers and answers', async () => {
  const names = fc.constantFrom(...Object.keys(ACTS), ...COMMON);
  const numbers = fc.tuple(fc.nat(MOST_WORKERS - 1), fc.nat(40), fc.nat(4));
  // None, one as in life, and one that outlasts a lease.
  const intervals = fc.constantFrom(0, 1000, 15_000);
  const step = fc
    .tuple(names, numbers)
    .map(([name, chosen]) => new Step(name, ACTS[name] as Act, chosen));
  await fc.assert(
    fc.asyncProperty(
      intervals,
      fc.commands([step], { maxCommands: 120, size: 'max' }),
      async (minIntervalMs, steps) => {
        await client.flushAll();
        const clock = new FakeClock();
        const link = new RepeatingLink(resolveRedisOptions({ url: server.url }), clock);
        const time = new StoreTime(clock, clock);
        const store = new RedisSessionStore('pool', { link, prefix: 'test', time });
        const world = new HandWorld({ ...SETTINGS, minIntervalMs }, store, link, clock, () =>
          auditPool(client, 'test', 'pool'),
        );
        try {
          await world.save(3);
          await world.join();
          await fc.asyncModelRun(() => ({ model: world, real: world }), steps);
          await world.checkEnd();
        } finally {
          await link.close();
        }
      },
    ),
    { numRuns: 60 },
  );
});

function workersOf(world: HandWorld): HandWorker[] {
  return world.workers.filter(({ isGone }) => !isGone);
}

function picked<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % Math.max(1, list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
