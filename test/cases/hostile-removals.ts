/** What hostile hosts say when something is to be taken away from them, and when the CAs of a rollover are brought to them. */

import { type Answer, accepts, databaseText, type Parts } from '../support/hostile.js';
import type { ReplyAttack } from './hostile-replies.js';

export interface RemovalAttack extends ReplyAttack {
  /** Facts in place of those of a sound host. */
  readonly facts?: Parts;
}

const escapes = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e';
const transact = '| transact ||';
const changed = (answer: Omit<Answer, 'when'>): readonly Answer[] => [{ when: transact, ...answer }];
const hash = '0123456789abcdef';

export const removalAttacks: readonly RemovalAttack[] = [
  {
    what: 'files whose folders are commands',
    says: [],
    facts: {
      [`file:/etc/keys/$(touch pwned)/x-${hash}-cert.pem`]: 'other 644 root',
      [`file:/etc/keys/';touch pwned;'/x-${hash}-privkey.pem`]: 'other 600 root',
      [`file:/etc/${escapes.replaceAll('\r', '')}/x-${hash}-cert.pem`]: 'other 644 root',
    },
  },
  {
    what: 'drop policies to an address that is a command',
    says: [],
    facts: {
      policies: 'src 0.0.0.0/0 dst $(touch$IFS$9pwned)/32 proto gre \n\tdir out action block priority 3000000000',
    },
  },
  {
    what: 'a mark that is a command',
    says: [],
    facts: { ovsdb: databaseText([], { otherConfig: { ipsec_skb_mark: '$(touch pwned)' } }) },
  },
  { what: 'no reply', says: changed({ out: '' }), code: 'HOST_ANSWER_INVALID' },
  { what: 'a reply that is no JSON', says: changed({ out: '{"psk": "swordfish"' }), code: 'HOST_STEP_FAILED' },
  { what: 'no results', says: changed({ out: '{"result": [], "error": null}' }), code: 'HOST_ANSWER_INVALID' },
  { what: 'an end', says: changed({ exit: 1, err: escapes }), code: 'HOST_CONNECTION_LOST' },
  { what: 'silence', says: changed({ silent: true }), code: 'HOST_TIMEOUT' },
  { what: 'a signal', says: changed({ signal: 9 }), code: 'HOST_CONNECTION_LOST' },
  { what: 'endless errors', says: changed({ flood: { to: 'stderr', bytes: 1e12 } }), code: 'HOST_STEP_FAILED' },
];

const trusts = '\nreread_authorities\n';

export const rolloverAttacks: readonly ReplyAttack[] = [
  { what: 'a failure in escapes', says: [{ when: trusts, status: 1, err: escapes }], code: 'HOST_STEP_FAILED' },
  { what: 'an end', says: [{ when: trusts, exit: 255 }], code: 'HOST_CONNECTION_LOST' },
  { what: 'a signal', says: [{ when: trusts, signal: 9 }], code: 'HOST_CONNECTION_LOST' },
  {
    what: 'endless words',
    says: [{ when: trusts, flood: { to: 'stdout', bytes: 1e12 } }],
    code: 'HOST_STEP_FAILED',
  },
  { what: 'silence', says: [{ when: trusts, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'a megabyte of success', says: [{ ...accepts, when: trusts, out: `${escapes}swordfish`.repeat(3e4) }] },
];

const reread = '\nreread bad_';

/** What hosts answer while their certificates are renewed in place, by keys that they make and links that are in use. */
export const renewalAttacks: readonly (ReplyAttack & { readonly requests?: 'no key' | 'for another' })[] = [
  { what: 'no request', says: [], requests: 'no key', code: 'PEM_INVALID' },
  { what: 'a request for another host', says: [], requests: 'for another', code: 'REQUEST_REFUSED' },
  { what: 'a failure in escapes', says: [{ when: reread, status: 1, err: escapes }], code: 'HOST_STEP_FAILED' },
  { what: 'a success with a megabyte of escapes', says: [{ when: reread, out: `${escapes}swordfish`.repeat(3e4) }] },
  { what: 'an end', says: [{ when: reread, exit: 255, err: escapes }], code: 'HOST_CONNECTION_LOST' },
  { what: 'silence', says: [{ when: reread, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'endless words', says: [{ when: reread, flood: { to: 'stderr', bytes: 1e12 } }], code: 'HOST_STEP_FAILED' },
];

/** What the IKE daemon is to have said of a new authentication, and the words that go back to it. */
export const authentications: readonly (readonly [said: string, before: readonly string[], unanswered: number])[] = [
  ['before $(touch$IFS$9pwned)\n', ['$(touch$IFS$9pwned)'], 0],
  ["before ';touch\tpwned\nbefore ';reboot;'\n", ["';reboot;'"], 0],
  [`before ${escapes}\n`, [escapes], 0],
  ['before a\0b\nbefore c[1]\nbefore \0\n', ['c[1]'], 0],
  ['unanswered 99999999999999999999\nunanswered -1\nunanswered 1e0\nunanswered 0\n', [], 1],
];

const asks = '\nauthenticate ';
const holds = '\npin ';
const leaves = '\nleave ';

/** What hosts answer while their tunnels authenticate anew: when they are held, when they ask, and when what was up goes. */
export const authenticationAttacks: readonly ReplyAttack[] = [
  { what: 'states that are commands', says: [{ when: asks, out: "before $(touch$IFS$9pwned)\nbefore ';touch\n" }] },
  {
    what: 'states with NUL and escapes',
    says: [{ when: asks, out: `before a\0b\nbefore ${escapes}\nunanswered 9\n` }],
  },
  { what: 'a hundred thousand states', says: [{ when: asks, out: 'before swordfish[1]\n'.repeat(1e5) }] },
  { what: 'a failure in escapes', says: [{ when: asks, status: 1, err: escapes }], code: 'HOST_STEP_FAILED' },
  { what: 'endless states', says: [{ when: asks, flood: { to: 'stdout', bytes: 1e12 } }], code: 'HOST_STEP_FAILED' },
  { what: 'an end when it asks', says: [{ when: asks, exit: 255, err: escapes }], code: 'HOST_CONNECTION_LOST' },
  { what: 'silence when it asks', says: [{ when: asks, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'a failure when it is held', says: [{ when: holds, status: 1, err: escapes }], code: 'HOST_STEP_FAILED' },
  { what: 'silence when it is held', says: [{ when: holds, silent: true }], code: 'HOST_TIMEOUT' },
  { what: 'an end when it leaves', says: [{ when: leaves, exit: 255 }], code: 'HOST_CONNECTION_LOST' },
  {
    what: 'endless errors when it leaves',
    says: [{ when: leaves, flood: { to: 'stderr', bytes: 1e12 } }],
    code: 'HOST_STEP_FAILED',
  },
];
