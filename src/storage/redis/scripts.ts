import { text as cookie } from './cookie.lua';
import { text as datasetPush } from './dataset-push.lua';
import { text as due } from './due.lua';
import { text as hand } from './hand.lua';
import { text as handJoin } from './hand-join.lua';
import { text as handLeave } from './hand-leave.lua';
import { text as handSync } from './hand-sync.lua';
import { text as handTake } from './hand-take.lua';
import { text as keyValueRemove } from './key-value-remove.lua';
import { text as keyValueSet } from './key-value-set.lua';
import { text as lapse } from './lapse.lua';
import { text as lines } from './lines.lua';
import { text as origin } from './origin.lua';
import { text as pool } from './pool.lua';
import { text as proxy } from './proxy.lua';
import { text as record } from './record.lua';
import { text as requestAdd } from './request-add.lua';
import { text as requestClaim } from './request-claim.lua';
import { text as requestDrop } from './request-drop.lua';
import { text as requestExtend } from './request-extend.lua';
import { text as requestFind } from './request-find.lua';
import { text as requestGiveBack } from './request-give-back.lua';
import { text as requestHandle } from './request-handle.lua';
import { text as requestHome } from './request-home.lua';
import { text as requestRetry } from './request-retry.lua';
import { text as requestState } from './request-state.lua';
import { text as row } from './row.lua';
import { text as seen } from './seen.lua';
import { text as sessionExport } from './session-export.lua';
import { text as sessionForget } from './session-forget.lua';
import { text as sessionLoad } from './session-load.lua';
import { text as sessionQuarantine } from './session-quarantine.lua';
import { text as sessionSave } from './session-save.lua';
import { text as time } from './time.lua';

export const REQUEST_ADD = {
  text: `${seen}\n${lines}\n${requestAdd}` as string,
  keys: ['meta', 'seen', 'homes', 'line', 'woken', 'ring', 'ghosts', 'paced', 'quiet'],
  args: ['place'],
  each: ['origin', 'fingerprint', 'row'],
} as const;

export const REQUEST_HOME = {
  text: `${seen}\n${requestHome}` as string,
  keys: ['meta', 'seen', 'homes'],
  args: [],
  each: ['fingerprint', 'origin'],
} as const;

export const REQUEST_CLAIM = {
  text: `${time}\n${due}\n${lines}\n${requestClaim}` as string,
  keys: [
    'meta',
    'line',
    'woken',
    'ring',
    'ghosts',
    'paced',
    'quiet',
    'held',
    'locks',
    'delays',
    'claimed',
  ],
  args: ['now', 'limit', 'lockMs', 'delayMs', 'call', 'isRepeated'],
  each: [],
} as const;

export const REQUEST_EXTEND = {
  text: `${time}\n${lines}\n${record}\n${requestExtend}` as string,
  keys: ['meta', 'line', 'woken', 'ring', 'ghosts', 'paced', 'quiet', 'held', 'locks'],
  args: ['now', 'lockMs'],
  each: ['id', 'fence'],
} as const;

export const REQUEST_HANDLE = {
  text: `${seen}\n${lines}\n${record}\n${row}\n${requestHandle}` as string,
  keys: [
    'meta',
    'seen',
    'line',
    'woken',
    'ring',
    'ghosts',
    'paced',
    'quiet',
    'held',
    'locks',
    'handled',
    'failed',
  ],
  args: ['isRepeated', 'keep'],
  each: ['id', 'fence', 'fingerprint', 'body', 'isFailed'],
} as const;

export const REQUEST_GIVE_BACK = {
  text: `${time}\n${lines}\n${record}\n${row}\n${requestGiveBack}` as string,
  keys: ['meta', 'line', 'woken', 'ring', 'ghosts', 'paced', 'quiet', 'held', 'locks', 'delays'],
  args: ['now'],
  each: ['id', 'fence', 'place', 'delayMs', 'body'],
} as const;

export const REQUEST_RETRY = {
  text: `${seen}\n${lines}\n${row}\n${requestRetry}` as string,
  keys: ['meta', 'seen', 'line', 'woken', 'ring', 'ghosts', 'paced', 'quiet', 'failed'],
  args: [],
  each: ['id', 'fingerprint', 'body'],
} as const;

export const REQUEST_STATE = {
  text: `${time}\n${due}\n${requestState}` as string,
  keys: ['meta', 'ring', 'ghosts', 'paced', 'locks', 'delays'],
  args: ['now'],
  each: [],
} as const;

export const REQUEST_FIND = {
  text: `${seen}\n${record}\n${requestFind}` as string,
  keys: ['meta', 'held', 'handled', 'seen', 'failed'],
  args: ['id', 'fingerprint'],
  each: [],
} as const;

export const REQUEST_DROP = {
  text: requestDrop as string,
  keys: [
    'meta',
    'ring',
    'ghosts',
    'paced',
    'quiet',
    'held',
    'locks',
    'delays',
    'handled',
    'failed',
    'homes',
  ],
  args: [],
  each: [],
} as const;

export const DATASET_PUSH = {
  text: datasetPush as string,
  keys: ['items', 'pushes', 'removed'],
  args: ['key', 'isAgain'],
  each: ['json'],
} as const;

export const KEY_VALUE_SET = {
  text: keyValueSet as string,
  keys: ['values', 'names'],
  args: ['key', 'value'],
  each: [],
} as const;

export const KEY_VALUE_REMOVE = {
  text: keyValueRemove as string,
  keys: ['values', 'names'],
  args: ['key'],
  each: [],
} as const;

export const SESSION_SAVE = {
  text: `${time}\n${pool}\n${sessionSave}` as string,
  keys: [
    'hot',
    'cold',
    'retired',
    'reasons',
    'meta',
    'free',
    'held',
    'waits',
    'cookies',
    'log',
    'lapses',
    'facts',
  ],
  args: ['now'],
  each: ['part', 'id', 'text', 'retiredAt'],
} as const;

export const SESSION_LOAD = {
  text: sessionLoad as string,
  keys: ['hot', 'cold'],
  args: ['cursor', 'count'],
  each: [],
} as const;

export const SESSION_QUARANTINE = {
  text: `${pool}\n${cookie}\n${sessionQuarantine}` as string,
  keys: ['hot', 'cold', 'quarantine', 'cookies', 'free', 'held', 'waits', 'lapses', 'facts'],
  args: ['id', 'reason'],
  each: [],
} as const;

export const SESSION_FORGET = {
  text: sessionForget as string,
  keys: ['retired', 'reasons'],
  args: ['before', 'limit'],
  each: [],
} as const;

export const SESSION_EXPORT = {
  text: `${cookie}\n${sessionExport}` as string,
  keys: ['cookies'],
  args: ['id'],
  each: [],
} as const;

const withHands = `${time}\n${pool}\n${lapse}\n${origin}\n${hand}`;

export const HAND_JOIN = {
  text: `${withHands}\n${handJoin}` as string,
  keys: ['meta', 'hands', 'records'],
  args: ['now', 'leaseMs', 'usesAhead'],
  each: [],
} as const;

export const HAND_TAKE = {
  text: `${withHands}\n${cookie}\n${handTake}` as string,
  keys: [
    'meta',
    'hands',
    'records',
    'held',
    'free',
    'waits',
    'hot',
    'cold',
    'cookies',
    'retired',
    'rates',
    'loads',
    'lapses',
    'facts',
  ],
  args: ['now', 'fence', 'number', 'count', 'places', 'maxPoolSize'],
  each: ['id'],
} as const;

export const HAND_SYNC = {
  text: `${withHands}\n${cookie}\n${proxy}\n${handSync}` as string,
  keys: [
    'meta',
    'hands',
    'records',
    'held',
    'free',
    'waits',
    'hot',
    'cold',
    'cookies',
    'retired',
    'reasons',
    'log',
    'origins',
    'rates',
    'loads',
    'lapses',
    'facts',
    'proxies',
    'proxyNews',
  ],
  args: [
    'now',
    'fence',
    'number',
    'leaseMs',
    'usesAhead',
    'since',
    'unusedPlaces',
    'lost',
    'version',
    'watched',
  ],
  each: ['part', 'id', 'text', 'value'],
} as const;

export const HAND_LEAVE = {
  text: `${withHands}\n${handLeave}` as string,
  keys: [
    'meta',
    'hands',
    'records',
    'held',
    'free',
    'waits',
    'hot',
    'cold',
    'rates',
    'loads',
    'lapses',
    'facts',
  ],
  args: ['now', 'fence', 'limit'],
  each: [],
} as const;
