/** What the chains of companies are like, who cannot judge them, and what we refuse. */

import type { ChainForm } from '../support/company-chain.js';
import { crossSign, putBetween, renewBefore } from '../support/company-chain.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import type { Program } from '../support/third-opinions.js';

export interface CompanyChain extends ChainForm {
  readonly title: string;
  /** What a program prints that does not know an algorithm, in the version that Debian has. */
  readonly unknownTo?: Readonly<Partial<Record<Program, RegExp>>>;
}

const ec = (curve: string): readonly string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`];
const hosts = ['host_1', 'host_2', 'host_3'].map((name) => `permitted;DNS:${name}`).join(',');

/** NSS takes no certificate of an Ed25519 key into its database. */
const notAdded = /SEC_ERROR_ADDING_CERT/;

export const companyChains: readonly CompanyChain[] = [
  {
    title: 'RSASSA-PSS',
    rootKey: rsaKeyFile(5),
    key: rsaKeyFile(6),
    sign: ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'],
  },
  { title: 'P-384', key: ecKeyFile('p384', 2) },
  { title: 'P-521', rootKey: ec('P-521'), sign: ['-sha512'] },
  {
    title: 'Ed25519',
    rootKey: ['-algorithm', 'ED25519'],
    unknownTo: { NSS: notAdded, 'NSS as libreswan asks it': notAdded },
  },
  { title: 'a root signed with SHA-1', rootKey: rsaKeyFile(5), signRoot: ['-sha1'] },
  {
    title: 'policies',
    extensions: [
      'certificatePolicies=1.3.6.1.4.1.9999.1,1.3.6.1.4.1.9999.2',
      'policyConstraints=inhibitPolicyMapping:0',
      'inhibitAnyPolicy=1',
    ],
  },
  { title: 'name constraints', extensions: [`nameConstraints=critical,${hosts},excluded;DNS:dark.ovs.example`] },
  { title: 'UTF-8 names', subject: '/C=DE/O=Gröner Fluß AG/CN=Übertragungs-CA', request: ['-utf8'] },
  {
    title: 'T61 and BMP names',
    subject: '/C=DE/O=Gröner Fluß AG/CN=Ελλάδα CA',
    request: ['-utf8', '-config', 'mixed.cnf'],
  },
  { title: 'multi-valued names', subject: '/C=DE/O=Acme+OU=Networks/CN=Acme Net CA', request: ['-multivalue-rdn'] },
  { title: 'a cross-signed root', more: crossSign },
  { title: 'two intermediates', more: putBetween },
  { title: 'a certificate that was renewed with the same key before', more: renewBefore },
];
