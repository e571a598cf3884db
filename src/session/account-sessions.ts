import { OptionError, TroupeError } from '../core/errors.ts';
import {
  callback,
  flag,
  optional,
  optionsObject,
  parseOptions,
  plainObject,
} from '../core/options.ts';
import { AccountSecrets } from './account-secrets.ts';
import type { InitialSession, SessionPoolOptions } from './pool-options.ts';
import type { Session } from './session.ts';
import type { InitSessionContext, SessionHookContext } from './session-hooks.ts';
import type { SessionOptions } from './session-options.ts';

/** Somebody to log in as. Everything beside the id is taken for a secret. */
export interface Account {
  /** The session's id, which is stored and shown. Not a secret: no e-mail address, if those are. */
  readonly id: string;
}

export interface AccountSessionsOptions<Own extends Account> {
  /** Logs the account in, as `initSession` of the pool. */
  readonly initSession: (
    context: InitSessionContext & { readonly account: Own },
  ) => Promise<unknown> | unknown;
  /** Whether the account is still logged in. @default it is */
  readonly checkSession?: (
    context: SessionHookContext & { readonly account: Own },
  ) => Promise<boolean> | boolean;
  /** @default `initSession` */
  readonly refreshSession?: (
    context: InitSessionContext & { readonly account: Own },
  ) => Promise<unknown> | unknown;
  /** For every session. @default without limits of age and uses: an account is kept as long as it works */
  readonly sessionOptions?: Omit<SessionOptions, 'id' | 'userData'>;
  /** Keep the whole account in the session's `userData`, and so in the storage, in clear. @default false */
  readonly persistSecrets?: boolean;
}

const OPTIONS = optionsObject({
  initSession: callback<AccountSessionsOptions<never>['initSession']>(),
  checkSession: optional(callback<NonNullable<AccountSessionsOptions<never>['checkSession']>>()),
  refreshSession: optional(
    callback<NonNullable<AccountSessionsOptions<never>['refreshSession']>>(),
  ),
  sessionOptions: optional(plainObject()),
  persistSecrets: optional(flag()),
});

const ENDLESS: SessionOptions = Object.freeze({
  maxUsageCount: Number.POSITIVE_INFINITY,
  maxAgeSecs: Number.POSITIVE_INFINITY,
});

/** What a pool is opened with to have one session for each account. */
export type AccountPoolOptions = Required<
  Pick<
    SessionPoolOptions,
    | 'maxPoolSize'
    | 'initialSessions'
    | 'createSessionFunction'
    | 'initSession'
    | 'checkSession'
    | 'refreshSession'
  >
>;

/**
 * One session for each account, logged in when it is first needed, and at most once at a time.
 * Made by {@link accountSessions}.
 */
export class AccountSessions<Own extends Account> {
  readonly #accounts: ReadonlyMap<string, Own>;
  readonly #options: AccountSessionsOptions<Own>;
  readonly #secrets: ReadonlyMap<string, AccountSecrets>;

  constructor(accounts: readonly Own[], options: AccountSessionsOptions<Own>) {
    this.#accounts = new Map(accounts.map((account) => [account.id, account]));
    this.#options = options;
    this.#secrets = new Map(accounts.map((account) => [account.id, new AccountSecrets(account)]));
  }

  /** To be spread into the options of a pool, or a crawler's `sessionPoolOptions`. */
  get poolOptions(): AccountPoolOptions {
    return {
      maxPoolSize: Math.max(1, this.#accounts.size),
      initialSessions: [...this.#accounts.keys()].map((id) => this.sessionOptions(id)),
      // Nobody to log in as, nobody to be: an account that was banned is not brought back.
      createSessionFunction: () => null,
      initSession: this.#initSession,
      checkSession: this.#checkSession,
      refreshSession: this.#refreshSession,
    };
  }

  /** What the session of an account is made of, for `pool.addSession()`: when it is to be tried again after it has retired. @throws TroupeError `TROUPE_UNKNOWN_ACCOUNT` */
  sessionOptions(id: string): InitialSession {
    const account = this.#accounts.get(id);
    if (!account) throw unknownAccount(id);
    const { sessionOptions, persistSecrets } = this.#options;
    return {
      ...ENDLESS,
      ...sessionOptions,
      id,
      ...(persistSecrets ? { userData: { account: { ...account } } } : {}),
    };
  }

  /** The account of a session, also of one that was restored. */
  accountOf(session: Pick<Session, 'id'>): Own | undefined {
    return this.#accounts.get(session.id);
  }

  readonly #initSession = (context: InitSessionContext): Promise<void> =>
    this.#as(context, (account) => this.#options.initSession({ ...context, account }));

  readonly #refreshSession = (context: InitSessionContext): Promise<void> =>
    this.#as(context, (account) => {
      const { initSession, refreshSession = initSession } = this.#options;
      return refreshSession({ ...context, account });
    });

  readonly #checkSession = async (context: SessionHookContext): Promise<boolean> => {
    let isGood = true;
    await this.#as(context, async (account) => {
      isGood = (await this.#options.checkSession?.({ ...context, account })) !== false;
    });
    return isGood;
  };

  /** Runs the user's code with the account, and lets no secret out with what it throws. */
  async #as(context: SessionHookContext, run: (account: Own) => unknown): Promise<void> {
    const { session } = context;
    const account = this.accountOf(session);
    if (!account) {
      // It was restored, and its account has been taken from the list since.
      session.retire();
      throw unknownAccount(session.id);
    }
    try {
      await run(account);
    } catch (error) {
      throw this.#secrets.get(account.id)?.without(error) ?? error;
    }
  }
}

/**
 * Makes one session for each account. The secrets stay in the objects that were given: hooks get them by reference,
 * and they reach neither the storage nor the log, nor errors of the hooks.
 *
 * @throws OptionError when an account has no id, or two have the same
 *
 * @example
 * const accounts = accountSessions([{ id: 'ann', password: process.env['ANN_PASSWORD'] ?? '' }], {
 *   initSession: async ({ account, sendRequest }) => {
 *     const form = { user: account.id, password: account.password };
 *     await sendRequest({ url: 'https://example.com/login', method: 'POST', json: form });
 *   },
 * });
 * const crawler = new BasicCrawler({ sessionPoolOptions: { ...accounts.poolOptions } });
 */
export function accountSessions<Own extends Account>(
  accounts: readonly Own[],
  options: AccountSessionsOptions<Own>,
): AccountSessions<Own> {
  parseOptions(OPTIONS, options, 'accountSessions options');
  const ids = new Set<string>();
  for (const [index, { id }] of accounts.entries()) {
    if (typeof id !== 'string' || id === '') {
      throw new OptionError(
        `accounts[${index}].id`,
        `Expected \`accounts[${index}].id\` to be a text`,
      );
    }
    if (ids.has(id)) {
      throw new OptionError(`accounts[${index}].id`, `Two accounts have the id "${id}"`);
    }
    ids.add(id);
  }
  return new AccountSessions(accounts, options);
}

function unknownAccount(id: string): TroupeError {
  return new TroupeError('TROUPE_UNKNOWN_ACCOUNT', `No account has the id "${id}"`);
}
