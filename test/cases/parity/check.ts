import { failed, type ParityCase } from '../../interop/parity/case.js';

export const verifyCases: readonly ParityCase[] = [
  { title: 'verify NAME', args: ['verify', 'signed_1', '-d', 'pki'] },
  { title: 'verify NAME switch', args: ['verify', 'signed_1', 'switch', '-d', 'pki'] },
  { title: 'verify NAME controller', args: ['verify', 'ctl_1', 'controller', '-d', 'pki'] },
  { title: 'verify with an empty type', args: ['verify', 'signed_1', '', '-d', 'pki'] },
  { title: 'verify what ovs-pki has signed', from: 'ovs-pki', args: ['verify', 'signed_1', '-d', 'pki'] },
  { title: 'verify with an absolute NAME', args: ['verify', '{cwd}/signed_1', '-d', '{cwd}/pki'] },
  {
    title: 'verify a switch as a controller',
    args: ['verify', 'signed_1', 'controller', '-d', 'pki'],
    differs: failed,
  },
  {
    title: 'verify with a type that nobody knows',
    args: ['verify', 'signed_1', 'router', '-d', 'pki'],
    differs: [...failed, 'several-names'],
  },
  { title: 'verify two names', args: ['verify', 'signed_1', 'signed_1', '-d', 'pki'], differs: ['several-names'] },
  {
    title: 'verify three arguments',
    args: ['verify', 'signed_1', 'ctl_1', 'switch', '-d', 'pki'],
    differs: [...failed, 'several-names'],
  },
  { title: 'verify without NAME', args: ['verify', '-d', 'pki'], differs: failed },
  { title: 'verify without a certificate', args: ['verify', 'host_1', '-d', 'pki'], differs: failed },
  {
    title: 'verify a broken certificate',
    args: ['verify', 'h1', '-d', 'pki'],
    prepare: [{ write: 'h1-cert.pem', text: 'broken\n' }],
    differs: failed,
  },
  { title: 'verify where there is no PKI', args: ['verify', 'signed_1', '-d', 'none'], differs: failed },
  { title: 'verify where a file is the PKI', args: ['verify', 'signed_1', '-d', 'host_1-req.pem'], differs: failed },
  { title: 'verify where the folder holds no CA', args: ['verify', 'signed_1', '-d', 'sub'], differs: failed },
  {
    title: 'verify the certificate of the CA',
    args: ['verify', 'ca', '-d', 'pki'],
    prepare: [{ copy: 'pki/switchca/cacert.pem', to: 'ca-cert.pem' }],
    differs: ['verify-strictness'],
  },
  {
    title: 'verify a certificate without a SAN',
    from: 'ovs-pki',
    args: ['verify', 'no_san', '-d', 'pki'],
    differs: ['verify-strictness'],
  },
];

export const fingerprintCases: readonly ParityCase[] = [
  { title: 'fingerprint of a request', args: ['fingerprint', 'host_1-req.pem'] },
  { title: 'fingerprint of a certificate', from: 'ovs-pki', args: ['fingerprint', 'signed_1-cert.pem'] },
  { title: 'fingerprint of a private key', args: ['fingerprint', 'host_1-privkey.pem'] },
  { title: 'fingerprint of a file with an absolute name', args: ['fingerprint', '{cwd}/host_1-req.pem'] },
  { title: 'fingerprint of an empty file', args: ['fingerprint', 'empty'], prepare: [{ write: 'empty', text: '' }] },
  {
    title: 'fingerprint of a file whose name begins with it',
    args: ['fingerprint', 'f572d396fae9206628714fb2ce00f72e94f2258f.txt'],
    prepare: [{ write: 'f572d396fae9206628714fb2ce00f72e94f2258f.txt', text: 'hello\n' }],
  },
  {
    title: 'fingerprint of such a file in a folder',
    args: ['fingerprint', 'sub/f572d396fae9206628714fb2ce00f72e94f2258f'],
    prepare: [{ write: 'sub/f572d396fae9206628714fb2ce00f72e94f2258f', text: 'hello\n' }],
  },
  {
    title: 'fingerprint of such a file in a folder of the same name',
    args: ['fingerprint', 'f572d396fae9206628714fb2ce00f72e94f2258f/x'],
    prepare: [
      { folder: 'f572d396fae9206628714fb2ce00f72e94f2258f' },
      { write: 'f572d396fae9206628714fb2ce00f72e94f2258f/x', text: 'hello\n' },
    ],
  },
  {
    title: 'fingerprint in another time zone',
    env: { TZ: 'America/St_Johns' },
    args: ['fingerprint', 'host_1-req.pem'],
  },
  {
    title: 'fingerprint in a time zone without letters',
    env: { TZ: 'Asia/Kathmandu' },
    args: ['fingerprint', 'host_1-req.pem'],
  },
  {
    title: 'fingerprint in a time zone given as a rule',
    env: { TZ: 'XST-3:30' },
    args: ['fingerprint', 'host_1-req.pem'],
    differs: ['dates'],
  },
  {
    title: 'fingerprint in a locale with other names for months',
    env: { LOCPATH: '{locale}', LC_ALL: 'xx.UTF-8' },
    args: ['fingerprint', 'host_1-req.pem'],
    differs: ['dates'],
  },
  { title: 'fingerprint without a file', args: ['fingerprint'], differs: failed },
  { title: 'fingerprint of a file that is not there', args: ['fingerprint', 'none'], differs: failed },
  {
    title: 'fingerprint of two files',
    from: 'ovs-pki',
    args: ['fingerprint', 'host_1-req.pem', 'host_2-req.pem'],
    differs: ['several-names'],
  },
  { title: 'fingerprint of a folder', args: ['fingerprint', 'sub'], differs: ['fingerprint-of-nothing'] },
  {
    title: 'fingerprint of a broken certificate',
    args: ['fingerprint', 'x'],
    prepare: [{ write: 'x', text: '-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n' }],
    differs: ['fingerprint-of-nothing'],
  },
];
