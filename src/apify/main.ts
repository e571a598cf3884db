import path from 'node:path';
import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { actorRun } from './actor-run.ts';
import { variable } from './environment.ts';
import { events, startEvents } from './events.ts';
import { log } from './log.ts';
import { listenToPlatform } from './platform-events.ts';
import { localFolder } from './storage/local-folder.ts';

export type UserFunc = () => unknown;

/** How the process ends, as documented. */
const EXIT = Object.freeze({ done: 0, functionThrew: 91, unknown: 92 });

const SIGNALS = Object.freeze({ SIGINT: 130, SIGTERM: 143 });
type Signal = keyof typeof SIGNALS;

/**
 * Runs an actor: calls the function, waits for it, saves pools, lists and whatever is still being written, and ends
 * the process. Exit code 0, 91 when the function threw (its error is logged), 92 when something could not be saved.
 * On SIGINT and SIGTERM `aborting` is emitted, requests in flight go back to their queues, everything is saved, and
 * the code is 130 or 143; a second signal ends the process at once. New name: none is needed, call the function.
 *
 * @throws OptionError
 */
export function main(userFunc: UserFunc): Promise<void> {
  if (typeof userFunc !== 'function') {
    throw new OptionError('userFunc', expectedText('userFunc', 'a function', userFunc));
  }
  chooseFolder();
  const stopEvents = startAllEvents();
  let ending: Promise<void> | undefined;
  const finish = (code: number): Promise<void> => {
    ending ??= end(code, stopEvents);
    return ending;
  };
  const onSignal = (signal: Signal): void => {
    if (ending) process.exit(SIGNALS[signal]);
    log.info(`${signal}: saving, then ending; once more ends at once`);
    events.emit('aborting');
    void finish(SIGNALS[signal]);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return run(userFunc).then(finish);
}

/** Those of our own, and on the platform, its own too. */
function startAllEvents(): () => void {
  const stop = startEvents();
  const url = variable('APIFY_ACTOR_EVENTS_WS_URL');
  if (!url) return stop;
  const listening = listenToPlatform(url).catch((error) => {
    log.exception(error, 'The events of the platform cannot be heard');
    return () => {};
  });
  return () => {
    stop();
    void listening.then((end) => end());
  };
}

async function run(userFunc: UserFunc): Promise<number> {
  try {
    await userFunc();
    return EXIT.done;
  } catch (error) {
    log.exception(error, 'The function given to Apify.main() threw');
    return EXIT.functionThrew;
  }
}

async function end(code: number, stopEvents: () => void): Promise<void> {
  stopEvents();
  let actual = code;
  try {
    events.emit('persistState', { isMigrating: false });
    await actorRun.close();
  } catch (error) {
    log.exception(error, 'Not everything could be saved');
    if (code === EXIT.done) actual = EXIT.unknown;
  }
  process.exit(actual);
}

/** As documented, so that whatever the actor starts finds the same folder. */
function chooseFolder(): void {
  if (variable('APIFY_LOCAL_STORAGE_DIR')) return;
  if (variable('APIFY_TOKEN')) {
    log.warning('There is no platform to store on: `APIFY_TOKEN` is ignored, storing locally', {
      folder: localFolder(),
    });
  }
  process.env['APIFY_LOCAL_STORAGE_DIR'] = path.resolve('apify_storage');
}
