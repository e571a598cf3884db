import { TroupeError } from '../core/errors.ts';

/** Not in the original. A documented name that only the Apify platform can serve, such as `Apify.call()`. */
export class PlatformOnlyError extends TroupeError {
  readonly feature: string;

  constructor(feature: string) {
    super(
      'TROUPE_PLATFORM_ONLY',
      `${feature} is a service of the Apify platform and does not exist outside of it; use the package \`apify-client\` to reach the platform`,
    );
    this.feature = feature;
  }
}

/** Not in the original. A name of the Apify SDK that has no counterpart here. */
export class NotInFacadeError extends TroupeError {
  readonly feature: string;

  constructor(feature: string, instead: string) {
    super('TROUPE_NOT_IN_FACADE', `${feature} is not part of troupe/apify; ${instead}`);
    this.feature = feature;
  }
}
