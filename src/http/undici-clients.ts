import type { buildConnector, Client } from 'undici';

type MakeClient = (origin: string | URL, options: object) => Client;

const FOR_NOBODY = new Error('The request that this connection was for has been given up');

/**
 * Makes the clients of a pool. When a request is aborted, undici cuts its connection and at once opens another one,
 * only to find that nobody wants it any more: a proxy that never answers would be asked twice each time. These do not.
 */
export function clientsWithoutSpares(ClientClass: typeof Client): MakeClient {
  return (origin, options) => {
    const settings = options as Client.Options;
    const connect = settings.connect as buildConnector.connector;
    let isForNobody = false;
    const client = new ClientClass(origin, {
      ...settings,
      connect: (target, callback) => {
        if (isForNobody) queueMicrotask(() => callback(FOR_NOBODY, null));
        else connect(target, callback);
        isForNobody = false;
      },
    });
    // Comes right before undici looks whom to connect for. What is left then is the aborted request, if it is alone.
    client.on('disconnect', (_origin, _targets, error) => {
      const isAborted = error.code === 'UND_ERR_INFO' && error.message === 'aborted';
      isForNobody = isAborted && client.stats.size === 1;
    });
    return client;
  };
}
