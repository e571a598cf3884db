import { expect } from 'vitest';
import type { Lease } from '../../src/session/lease.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import type { Fleet } from './fleet-pools.ts';

const URL = 'https://site.example/';
/** What a good page takes off the error score by default. */
const DECREMENT = 0.5;

interface Known {
  uses: number;
  errorScore: number;
  readonly cookies: Map<string, string>;
  isRetired: boolean;
  inUse: number;
}

/** What has happened to sessions, whoever used them: as it would stand in a store that never fails. */
export class SessionTruth {
  readonly #byId = new Map<string, Known>();

  /** Nobody else may use it. */
  began(lease: Lease): Lease {
    expect(this.#of(lease).inUse, `${lease.session.id} is used by nobody else`).toBe(0);
    return this.beganElsewhere(lease);
  }

  /** By one who cannot know that another, whose lease is over, has not ended yet. */
  beganElsewhere(lease: Lease): Lease {
    const known = this.#of(lease);
    expect(known.isRetired, `${lease.session.id} lives`).toBe(false);
    known.uses++;
    known.inUse++;
    expect(known.uses).toBeLessThanOrEqual(lease.session.maxUsageCount);
    return lease;
  }

  ended(lease: Lease, kind: 'ok' | 'timeout' | 'blocked'): void {
    const known = this.#of(lease);
    known.inUse--;
    if (kind === 'timeout') known.errorScore++;
    else if (kind === 'ok') known.errorScore = Math.max(0, known.errorScore - DECREMENT);
    else known.isRetired = true;
    lease.report({ kind });
    if (known.uses === lease.session.maxUsageCount && known.inUse === 0) known.isRetired = true;
  }

  cookie(lease: Lease, raw: string): void {
    const [name = '', value = ''] = raw.split(/[=;]/);
    this.#of(lease).cookies.set(name, value);
    lease.session.setCookie(raw, URL);
  }

  /** A worker that finds the sessions in the store finds all of them so. */
  async check(pool: SessionPool, fleet: Fleet): Promise<void> {
    for (const [id, { uses, errorScore, cookies, isRetired }] of this.#byId) {
      const lease = pool.lease({ sessionId: id });
      if (isRetired) {
        await expect(fleet.until(lease), id).rejects.toThrow(/retired/);
        continue;
      }
      const { session } = await fleet.until(lease);
      const found = session.getCookies(URL).map(({ name, value }) => [name, value]);
      expect(
        {
          uses: session.usageCount - 1,
          errorScore: session.errorScore,
          cookies: Object.fromEntries(found),
        },
        id,
      ).toEqual({ uses, errorScore, cookies: Object.fromEntries(cookies) });
    }
  }

  #of({ session }: Lease): Known {
    const known = this.#byId.get(session.id) ?? {
      uses: 0,
      errorScore: 0,
      cookies: new Map(),
      isRetired: false,
      inUse: 0,
    };
    this.#byId.set(session.id, known);
    return known;
  }
}
