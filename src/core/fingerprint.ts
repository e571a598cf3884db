import type { Random } from './random.ts';

/** What a session claims to be. Chosen once; headers derived from it stay the same for the session's life. */
export interface Fingerprint {
  readonly browser: 'chrome' | 'firefox' | 'safari' | 'edge';
  readonly platform: 'windows' | 'macos' | 'linux' | 'android' | 'ios';
  /** BCP 47, such as `en-US`. */
  readonly locale: string;
}

/** Desktop browsers by their rough share of use, in percent. Frozen and shared: a million sessions hold six objects. */
const COMMON: readonly (readonly [weight: number, fingerprint: Fingerprint])[] = [
  [52, common('chrome', 'windows')],
  [16, common('chrome', 'macos')],
  [12, common('edge', 'windows')],
  [11, common('safari', 'macos')],
  [6, common('firefox', 'windows')],
  [3, common('firefox', 'macos')],
];

/** A common desktop browser, drawn by how common it is. */
export function randomFingerprint(random: Random): Fingerprint {
  let left = random.next() * 100;
  for (const [weight, fingerprint] of COMMON) {
    left -= weight;
    if (left < 0) return fingerprint;
  }
  return (COMMON[0] as (typeof COMMON)[number])[1];
}

function common(browser: Fingerprint['browser'], platform: Fingerprint['platform']): Fingerprint {
  return Object.freeze({ browser, platform, locale: 'en-US' });
}
