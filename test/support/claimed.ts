import type {
  ClaimedRequest,
  ClaimOptions,
  RequestStore,
} from '../../src/storage/request-store.ts';

/** What a claim brought, for tests that do not ask when the next one is due. */
export async function claimedFrom(
  store: RequestStore,
  limit: number,
  options: ClaimOptions,
): Promise<ClaimedRequest[]> {
  return [...(await store.claim(limit, options)).requests];
}
