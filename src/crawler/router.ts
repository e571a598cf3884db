import { TroupeError } from '../core/errors.ts';
import { MissingRouteError } from './crawl-errors.ts';

/** What a router reads of a context. */
export interface Routable {
  readonly request: { readonly label?: string | undefined };
}

export type Handler<Context> = (context: Context) => Promise<unknown> | unknown;

/** A request handler that picks another one by the request's label. Pass it as `requestHandler`. */
export interface Router<Context> {
  (context: Context): Promise<void>;
  /** Handles requests with this label. One handler a label. */
  addHandler(label: string, handler: Handler<Context>): void;
  /** Handles requests without a label, and those whose label has no handler. */
  addDefaultHandler(handler: Handler<Context>): void;
  /** Runs before the handler of every request, in order of addition. What it throws counts as thrown by the handler. */
  use(middleware: Handler<Context>): void;
}

/** Makes a {@link Router}. */
export function createRouter<Context extends Routable>(
  routes: Readonly<Record<string, Handler<Context>>> = {},
): Router<Context> {
  const handlers = new Map<string, Handler<Context>>(Object.entries(routes));
  const middlewares: Handler<Context>[] = [];
  let defaultHandler: Handler<Context> | undefined;

  const route = async (context: Context): Promise<void> => {
    const { label } = context.request;
    const handler = (label === undefined ? undefined : handlers.get(label)) ?? defaultHandler;
    if (!handler) throw new MissingRouteError(label);
    for (const middleware of middlewares) await middleware(context);
    await handler(context);
  };

  return Object.assign(route, {
    addHandler(label: string, handler: Handler<Context>): void {
      if (handlers.has(label)) throw duplicate(`label "${label}"`);
      handlers.set(label, handler);
    },
    addDefaultHandler(handler: Handler<Context>): void {
      if (defaultHandler) throw duplicate('requests without a label');
      defaultHandler = handler;
    },
    use(middleware: Handler<Context>): void {
      middlewares.push(middleware);
    },
  });
}

function duplicate(what: string): TroupeError {
  return new TroupeError('TROUPE_DUPLICATE_ROUTE', `The router already has a handler for ${what}`);
}
