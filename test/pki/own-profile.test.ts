import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { ownProfileMark, ownProfileText, parseOwnProfile } from '../../src/pki/own-profile.js';
import { parseSubjectBase } from '../../src/pki/subject.js';

const read = (text: string | Uint8Array, type: 'switch' | 'controller' = 'switch') =>
  parseOwnProfile(typeof text === 'string' ? Buffer.from(text) : text, 'profile.conf', type);
const base = (text: string) => parseSubjectBase(text, (fault) => new OvsPkiError('USAGE', fault));
const valuesOf = (text: string, type?: 'switch' | 'controller') => read(text, type).subject?.map(({ value }) => value);

const goodProfiles: Readonly<Record<string, { text: string; switch?: string[]; controller?: string[] }>> = {
  'an empty file': { text: '' },
  'comments alone': { text: '# subject = /O=x\n\n  # more\n' },
  'one subject for both': {
    text: 'subject = /C=de/O=Company\n',
    switch: ['DE', 'Company'],
    controller: ['DE', 'Company'],
  },
  'the form of show': {
    text: 'subject = C=DE, O=Company\\, Ltd',
    switch: ['DE', 'Company, Ltd'],
    controller: ['DE', 'Company, Ltd'],
  },
  'one for each': {
    text: '[switch]\nsubject=/O=a\n[controller]\r\nsubject = /O=b\r\n',
    switch: ['a'],
    controller: ['b'],
  },
  'one that differs': { text: 'subject=/O=a\n[ controller ]\nsubject=/O=b', switch: ['a'], controller: ['b'] },
  'signs that other forms read otherwise': {
    text: 'subject = /O=a \\/ b \\+ c = d, "e" #f $g;h`i \\\\ j/OU=k/OU=l\n',
    switch: ['a / b + c = d, "e" #f $g;h`i \\ j', 'k', 'l'],
    controller: ['a / b + c = d, "e" #f $g;h`i \\ j', 'k', 'l'],
  },
  'a mark of the order of bytes': { text: '\ufeffsubject = /O=a', switch: ['a'], controller: ['a'] },
  'the longest values': {
    text: `subject = /ST=${'s'.repeat(128)}/L=${'ü'.repeat(128)}/O=${'o'.repeat(64)}`,
    switch: ['s'.repeat(128), 'ü'.repeat(128), 'o'.repeat(64)],
    controller: ['s'.repeat(128), 'ü'.repeat(128), 'o'.repeat(64)],
  },
};

test('a profile is read as it is written', (t) => {
  for (const [title, { text, switch: ofSwitch, controller }] of Object.entries(goodProfiles)) {
    t.deepEqual([valuesOf(text), valuesOf(text, 'controller')], [ofSwitch, controller], title);
  }
});

test('what init writes is read as the same profile, and has its mark', (t) => {
  for (const text of ['/C=DE/O=a \\/ b \\+ c \\\\ d/OU=e = f, g', '/OU=x/OU=y/L=Zürich', 'O=#hash, ST=s']) {
    const profile = { subject: base(text) };
    const again = read(ownProfileText(profile));
    t.deepEqual(again, profile);
    t.is(ownProfileMark(again), ownProfileMark(profile));
  }
  t.is(ownProfileMark({}), undefined);
});

test('URLs are those of each CA, with its own in place of those of both', (t) => {
  const text =
    'crl-url = http://a/{ca}.crl\ncrl-url = ldap://h/CN=x,O=y?c;binary&{ca}\n[controller]\ncrl-url = http://c/x\nca-url=http://c/y\n';
  t.deepEqual(read(text), { crlUrls: ['http://a/switchca.crl', 'ldap://h/CN=x,O=y?c;binary&switchca'] });
  t.deepEqual(read(text, 'controller'), { crlUrls: ['http://c/x'], caUrls: ['http://c/y'] });
  t.not(ownProfileMark(read(text)), ownProfileMark(read(text, 'controller')));
  // The mark of a profile with names alone is what it was before there were URLs.
  t.is(ownProfileMark({ subject: base('/O=Example') }), 'a38426af30d3cfac');
});

/** What stands in the file, and what is said of it. */
const badProfiles: readonly (readonly [string | Uint8Array, RegExp])[] = [
  ['subject', /line 1: it is not KEY = VALUE/],
  ['\n\nsubjects = /O=x', /line 3: "subjects" is not a key; keys are subject/],
  ['subject = /O=a\nsubject = /O=b', /line 2: there is a subject already/],
  ['[root]\nsubject = /O=a', /line 1: the section "root" is neither/],
  // What is wrong in the part of the other CA is wrong.
  ['[controller]\nsubject = /O=', /line 2: O has no value/],
  ['subject =', /line 1: a part of it is empty/],
  ['subject = /', /a part of it is empty/],
  ['subject = /C=DEU', /C is a country of two letters/],
  ['subject = /C=D1', /C is a country of two letters/],
  ['subject = /C=DE/C=AT', /C stands in it more than once/],
  ['subject = /O=a/O=b', /O stands in it more than once/],
  ['subject = /O=a/CN=b', /the common name \(CN\) is that of each CA and of each host/],
  ['subject = /O=a/emailAddress=b@c', /emailAddress cannot stand in it; C, ST, L, O and OU can/],
  ['subject = /O=a/DC=b', /DC cannot stand in it/],
  ['subject = /O=a/XY=b', /"XY=b" is not TYPE=VALUE/],
  ['subject = /O=a+OU=b', /a plus sign in a value is written as \\\+/],
  ['subject = /O=a, CN=b', /O has "CN=" in its value/],
  ['subject = /O=a\\/CN=b', /O has "CN=" in its value/],
  ['subject = /O=a /OU=b', /O begins or ends with a space/],
  [`subject = /O=${'o'.repeat(65)}`, /O has more than 64 characters/],
  [`subject = /OU=${'o'.repeat(65)}`, /OU has more than 64 characters/],
  [`subject = /L=${'o'.repeat(129)}`, /L has more than 128 characters/],
  ['subject = /O=a\u202eb', /O has a character that cannot be printed/],
  ['subject = /O=a\u0000b', /O has a character that cannot be printed/],
  ['crl-url = http://a/x.crl', /"http:\/\/a\/x\.crl" is the same for both CAs: put \{ca\} in it/],
  ['[switch]\ncrl-url = https://a/x.crl', /line 2: "https:\/\/a\/x\.crl" would need a certificate/],
  ['ca-url = ldaps://a/{ca}', /would need a certificate/],
  ['ca-url = ftp://a/{ca}', /is not an http or ldap URL/],
  ['ca-url = {ca}', /is not an http or ldap URL/],
  ['ca-url = http://a b/{ca}', /has a character that does not stand in a URL/],
  ['ca-url = http://a/{ca}#x', /has a character that does not stand in a URL/],
  ['ca-url = http://a/ü{ca}', /has a character that does not stand in a URL/],
  ['ca-url = http:///{ca}', /is not an http or ldap URL/],
  ['ca-url = http://a:99999/{ca}', /is not a URL/],
  ['ca-url = ldap://a/{ca}', /has no distinguished name and attribute/],
  [`ca-url = http://a/{ca}${'x'.repeat(1100)}`, /has more than 1024 characters/],
  [`${'crl-url = http://a/{ca}\n'.repeat(5)}`, /line 5: there are 4 of crl-url already/],
  [Uint8Array.of(0x73, 0xff, 0xfe), /profile.conf: it is not text in UTF-8/],
  [Buffer.alloc(70_000, '#'), /profile.conf: it is too long for a profile/],
];

test('what is wrong in a profile is said, with its line', (t) => {
  for (const [text, said] of badProfiles) {
    const error = t.throws(() => read(text), { instanceOf: OvsPkiError, message: said });
    t.is(error?.code, 'PROFILE_INVALID');
    t.regex(error?.hint ?? '', /mv profile\.conf profile\.conf\.bad$/);
  }
});
