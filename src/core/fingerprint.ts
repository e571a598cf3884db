/** What a session claims to be. Chosen once; headers derived from it stay the same for the session's life. */
export interface Fingerprint {
  readonly browser: 'chrome' | 'firefox' | 'safari' | 'edge';
  readonly platform: 'windows' | 'macos' | 'linux' | 'android' | 'ios';
  /** BCP 47, such as `en-US`. */
  readonly locale: string;
}
