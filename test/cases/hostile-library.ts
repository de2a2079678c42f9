/** What a caller of the library hands in unchecked, and what comes of it. A caller of JavaScript has no types. */

import { join } from 'node:path';
import type { ErrorCode } from '../../src/index.js';
import * as library from '../../src/index.js';

/** A folder with a PKI directory `pki` and a request `host`. */
export interface LibraryScene {
  readonly folder: string;
  readonly platform: library.Platform;
}

export interface LibraryAttack {
  readonly what: string;
  readonly call: (scene: LibraryScene) => unknown;
  readonly code: ErrorCode;
}

const ec = { type: 'ec', curve: 'P-256' } as const;

/** A value of another type than the one that is declared, as JavaScript lets it through. */
function untyped<T>(value: unknown): T {
  return value as T;
}

const common = ({ folder }: LibraryScene) => ({ pkiDirectory: join(folder, 'pki'), type: 'switch' }) as const;
const at = ({ folder }: LibraryScene, name: string): string => join(folder, name);

const ofKeys = (what: string, spec: unknown, code: ErrorCode): LibraryAttack[] => {
  const keySpec = untyped<library.KeySpec>(spec);
  return [
    {
      what: `req: ${what}`,
      call: (scene) => library.req(scene.platform, { names: [at(scene, 'new')], unique: true, keySpec, force: false }),
      code,
    },
    {
      what: `init: ${what}`,
      call: (scene) => library.init(scene.platform, { pkiDirectory: at(scene, 'new'), keySpec, days: 1, force: false }),
      code,
    },
    {
      what: `rollover: ${what}`,
      call: (scene) => library.prepareRollover(scene.platform, { ...common(scene), keySpec, days: 1 }),
      code,
    },
  ];
};

const ofLives = (what: string, life: object, code: ErrorCode): LibraryAttack[] => {
  const days = untyped<{ days: number; notAfter?: Date }>({ days: 1, ...life });
  return [
    {
      what: `init: ${what}`,
      call: (scene) =>
        library.init(scene.platform, { pkiDirectory: at(scene, 'new'), keySpec: ec, force: false, ...days }),
      code,
    },
    {
      what: `self-sign: ${what}`,
      call: (scene) => library.selfSign(scene.platform, { names: [at(scene, 'host')], force: true, ...days }),
      code,
    },
    {
      what: `sign: ${what}`,
      call: (scene) =>
        library.sign(scene.platform, { ...common(scene), names: [at(scene, 'host')], force: true, ...days }),
      code,
    },
  ];
};

const ofDays = (what: string, days: unknown, code: ErrorCode): LibraryAttack => ({
  what: `crl: ${what}`,
  call: (scene) => library.crl(scene.platform, { ...common(scene), days: untyped<number>(days), out: undefined }),
  code,
});

const ofType = (type: string): LibraryAttack[] => {
  const where = (scene: LibraryScene) => ({ ...common(scene), type: untyped<library.CertificateType>(type) });
  return [
    { what: `list: ${type}`, call: (scene) => library.list(scene.platform, where(scene)), code: 'USAGE' },
    {
      what: `verify: ${type}`,
      call: (scene) => library.verify(scene.platform, { ...where(scene), names: [at(scene, 'host')] }),
      code: 'USAGE',
    },
    {
      what: `request: ${type}`,
      call: (scene) =>
        library.requestCa(scene.platform, { ...where(scene), keySpec: ec, subject: '/CN=x', out: '-', force: false }),
      code: 'USAGE',
    },
  ];
};

const ofNumbers = (name: 'concurrency' | 'hostsAtOnce' | 'loginsAtOnce' | 'lockWaitSeconds'): LibraryAttack[] =>
  [Number.NaN, -1, '8', null].map((value) => ({
    what: `${name}: ${String(value)}`,
    call: () => library.nodePlatform({ [name]: untyped<number>(value) }),
    code: 'USAGE' as const,
  }));

const ofNames = (what: string, name: string, code: ErrorCode = 'NAME_INVALID'): LibraryAttack => ({
  what: `req: ${what}`,
  call: ({ platform }) => library.req(platform, { names: [name], unique: true, keySpec: ec, force: false }),
  code,
});

const last = new Date(8.64e15);

export const libraryAttacks: readonly LibraryAttack[] = [
  ...ofKeys('an RSA key that is made for ever', { type: 'rsa', bits: 1e9 }, 'KEY_SIZE_REFUSED'),
  ...ofKeys('an RSA key that can be factored', { type: 'rsa', bits: 512 }, 'KEY_SIZE_REFUSED'),
  ...ofKeys('half a bit', { type: 'rsa', bits: 2048.5 }, 'KEY_SIZE_REFUSED'),
  ...ofKeys('bits that are no number', { type: 'rsa', bits: Number.NaN }, 'KEY_SIZE_REFUSED'),
  ...ofKeys('bits in a text', { type: 'rsa', bits: '3072' }, 'KEY_SIZE_REFUSED'),
  ...ofKeys('another curve', { type: 'ec', curve: 'P-521' }, 'KEY_TYPE_UNSUPPORTED'),
  ...ofKeys('another kind of key', { type: 'ed25519' }, 'KEY_TYPE_UNSUPPORTED'),
  ...ofKeys('no kind of key', {}, 'KEY_TYPE_UNSUPPORTED'),
  ...ofLives('days that are no number', { days: Number.NaN }, 'USAGE'),
  ...ofLives('days without end', { days: Number.POSITIVE_INFINITY }, 'USAGE'),
  ...ofLives('days in a text', { days: '10' }, 'USAGE'),
  ...ofLives('no days', { days: undefined }, 'USAGE'),
  ...ofLives('more days than a century has', { days: 1e9 }, 'USAGE'),
  ...ofLives('days that are over', { days: -1 }, 'USAGE'),
  ...ofLives('an end that is no time', { notAfter: new Date(Number.NaN) }, 'VALIDITY_REFUSED'),
  ...ofLives('an end that is no Date', { notAfter: '2030-01-01' }, 'VALIDITY_REFUSED'),
  ...ofLives('an end that is null', { notAfter: null }, 'VALIDITY_REFUSED'),
  ...ofLives('the last day of JavaScript', { notAfter: last }, 'VALIDITY_REFUSED'),
  ...ofLives('an end of five digits', { notAfter: new Date('+012030-01-01T00:00:00Z') }, 'VALIDITY_REFUSED'),
  ...ofLives('an end in a thousand years', { notAfter: new Date('3026-01-01') }, 'VALIDITY_REFUSED'),
  ofDays('days that are no number', Number.NaN, 'USAGE'),
  ofDays('no days', undefined, 'USAGE'),
  ofDays('less than a second', 1e-12, 'LINT_FAILED'),
  ...['../x/switch', 'root', '__proto__', ''].flatMap(ofType),
  ...(['concurrency', 'hostsAtOnce', 'loginsAtOnce', 'lockWaitSeconds'] as const).flatMap(ofNumbers),
  { what: 'a clock of no time', call: () => library.fixedClock(new Date(Number.NaN)), code: 'USAGE' },
  { what: 'a clock after the year 9999', call: () => library.fixedClock(last), code: 'USAGE' },
  { what: 'a clock before the year 0', call: () => library.fixedClock(new Date(-8.64e15)), code: 'USAGE' },
  ofNames('no name', ''),
  ofNames('a name with NUL', 'a\0b'),
  ofNames('a folder with NUL', 'a\0b/host'),
  ofNames('a name of a megabyte', 'x'.repeat(1 << 20)),
  ofNames('a name of two lines', 'a\nb'),
  {
    what: 'a PKI directory with NUL',
    call: ({ platform }) => library.list(platform, { pkiDirectory: 'a\0b', type: 'switch' }),
    code: 'FILE_UNREADABLE',
  },
  { what: 'an inventory with NUL', call: () => library.readFleet('a\0b'), code: 'FILE_UNREADABLE' },
  { what: 'a range of names without end', call: () => library.expandNames(['h[1-9999999999]']), code: 'USAGE' },
  {
    what: 'a log with NUL',
    call: () => library.openLog('a\0b', library.systemClock),
    code: 'LOG_UNWRITABLE',
  },
];
