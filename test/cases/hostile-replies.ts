/** What a hostile host answers when its database is to be changed, and before and after. */

import type { ErrorCode } from '../../src/errors.js';
import { type Answer, accepts } from '../support/hostile.js';

export interface ReplyAttack {
  readonly what: string;
  readonly says: readonly Answer[];
  /** Why the host is not done; undefined where it is told to be, as any liar can be. */
  readonly code?: ErrorCode;
}

/** Words of the scripts by which they are told apart. */
export const scripts = {
  facts: 'in_full=',
  enroll: 'openssl req -new',
  /** Before anything is pointed to what is new. */
  prepare: '"ipsec_skb_mark","0/1"]]]]]},{',
  /** The ports. */
  change: '"uuid-name":"tunnel',
} as const;

const escapes = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e';
const deep = '['.repeat(1e5) + ']'.repeat(1e5);
const reply = (text: string, status = 0): readonly Answer[] => [{ when: scripts.change, out: text, status }];
const refusing = (result: unknown): string => JSON.stringify({ result, error: null });

export const replyAttacks: readonly ReplyAttack[] = [
  { what: 'no reply', says: reply(''), code: 'HOST_ANSWER_INVALID' },
  { what: 'a reply that is no JSON', says: reply('{"psk": "swordfish"'), code: 'HOST_STEP_FAILED' },
  { what: 'a reply that is a number', says: reply('7'), code: 'HOST_STEP_FAILED' },
  { what: 'a reply that is null', says: reply('null'), code: 'HOST_STEP_FAILED' },
  { what: 'a reply of NaN', says: reply('{"result": NaN, "error": null}'), code: 'HOST_STEP_FAILED' },
  { what: 'a reply without an error', says: reply('{"result": @results@}'), code: 'HOST_STEP_FAILED' },
  { what: 'a result that is a text', says: reply('{"result": "well", "error": null}'), code: 'HOST_STEP_FAILED' },
  { what: 'no result', says: reply('{"result": null, "error": null}'), code: 'HOST_ANSWER_INVALID' },
  { what: 'one result for all', says: reply('{"result": [{}], "error": null}'), code: 'HOST_ANSWER_INVALID' },
  {
    what: 'a hundred thousand results',
    says: reply(`{"result": [${'{},'.repeat(1e5)}{}], "error": null}`),
    code: 'HOST_ANSWER_INVALID',
  },
  { what: 'a result 100,000 deep', says: reply(`{"result": [${deep}], "error": null}`), code: 'HOST_ANSWER_INVALID' },
  { what: 'an error 100,000 deep', says: reply(`{"result": null, "error": ${deep}}`, 3), code: 'HOST_STEP_FAILED' },
  { what: 'an error that is a number', says: reply(`{"result": null, "error": 1e400}`, 3), code: 'HOST_STEP_FAILED' },
  {
    what: 'an error of escapes',
    says: reply(refusing([{ error: escapes, details: escapes }]), 3),
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'an error of a megabyte',
    says: reply(refusing([{ error: 'x', details: 'y '.repeat(5e5) }]), 3),
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'a change by somebody else, it says',
    says: reply(refusing([{ error: 'timed out' }]), 3),
    code: 'PLAN_STALE',
  },
  { what: 'ten megabytes before a reply', says: reply(`${'x'.repeat(1e7)}\n{"result": @results@, "error": null}`) },
  { what: 'a reply that is late', says: [{ ...accepts, when: scripts.change, late: 1 }] },
  { what: 'a failure without a word', says: [{ when: scripts.change, status: 7 }], code: 'HOST_STEP_FAILED' },
  {
    what: 'a failure in endless words',
    says: [{ when: scripts.change, status: 7, flood: { to: 'stderr', bytes: 1e12 } }],
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'endless words in its reply',
    says: [{ when: scripts.change, flood: { to: 'stdout', bytes: 1e12 } }],
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'endless words before it is asked to change anything',
    says: [{ ...accepts, when: scripts.prepare, flood: { to: 'stdout', bytes: 1e12, later: true } }],
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'endless errors before it is asked to change anything',
    says: [{ ...accepts, when: scripts.prepare, flood: { to: 'stderr', bytes: 1e12, later: true } }],
    code: 'HOST_STEP_FAILED',
  },
  { what: 'silence when it is prepared', says: [{ when: scripts.prepare, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'silence when it is changed', says: [{ when: scripts.change, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'two replies', says: [{ ...accepts, when: scripts.change, frame: 'twice' }] },
  { what: 'an end when it is prepared', says: [{ when: scripts.prepare, exit: 255 }], code: 'HOST_CONNECTION_LOST' },
  { what: 'a signal when it is prepared', says: [{ when: scripts.prepare, signal: 9 }], code: 'HOST_CONNECTION_LOST' },
  { what: 'an end when it is changed', says: [{ when: scripts.change, exit: 0 }], code: 'HOST_CONNECTION_LOST' },
  {
    what: 'an end in escapes when it is changed',
    says: [{ when: scripts.change, exit: 255, err: `${escapes}client_loop: ${escapes}` }],
    code: 'HOST_CONNECTION_LOST',
  },
  { what: 'a signal when it is changed', says: [{ when: scripts.change, signal: 15 }], code: 'HOST_CONNECTION_LOST' },
];
