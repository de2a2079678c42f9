import test from 'ava';
import fc from 'fast-check';
import { formatPkcs11Uri, parsePkcs11Uri } from '../../src/pki/pkcs11-uri.js';

test('a URI of p11tool is read', (t) => {
  const path = 'model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=8631193e7dae6541;token=my%20ovs';
  const key = 'object=CA%20key;id=%00%fd%8F;type=private';
  t.deepEqual(parsePkcs11Uri(`PKCS11:${path};${key}?module-path=/usr/lib/p11.so&pin-source=file:///etc/pin`), {
    token: { token: 'my ovs', serial: '8631193e7dae6541', model: 'SoftHSM v2', manufacturer: 'SoftHSM project' },
    object: 'CA key',
    id: Buffer.from([0, 0xfd, 0x8f]),
    modulePath: '/usr/lib/p11.so',
    pinSource: '/etc/pin',
  });
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['/usr/lib/p11.so', /begin with "pkcs11:"/],
  ['pkcs11:', /names no library/],
  ['pkcs11:token=a', /names no library/],
  ['pkcs11:token=a?module-path=lib.so', /full path/],
  ['pkcs11:token=a?module-path=/a%00b', /one line of text/],
  ['pkcs11:token=a?module-path=/a?pin-source=/b', /two question marks/],
  ['pkcs11:token=a;token=b?module-path=/a', /token twice/],
  ['pkcs11:token=?module-path=/a', /token is empty/],
  ['pkcs11:token?module-path=/a', /not "token"/],
  ['pkcs11:slot-id=1?module-path=/a', /not "slot-id"/],
  ['pkcs11:token=100%?module-path=/a', /written %25/],
  ['pkcs11:token=%ff?module-path=/a', /one line of text/],
  ['pkcs11:token=a;type=public?module-path=/a', /type=private/],
  ['pkcs11:token=a?module-path=/a&pin-source=pin', /full path/],
  ['pkcs11:token=a?module-path=/a&pin-source=%7C/bin/pin', /full path/],
  ['pkcs11:token=a?module-path=/a&module-name=p11', /not "module-name"/],
  ['pkcs11:token=a?module-path=/a&pin-value=secret', /a PIN does not belong into it/],
  ['pkcs11:token=a;pin-value=secret?module-path=/a', /a PIN does not belong into it/],
  ...['PIN-VALUE', 'Pin-Value', 'pin_value', 'pin', 'user-pin', ' pin-value', 'pin-source '].map(
    (name) => [`pkcs11:token=a?module-path=/a&${name}=secret`, /a PIN does not belong into it/] as const,
  ),
  ['pkcs11:token=a;secret?module-path=/a', /not this$/],
  ['pkcs11:token=a?module-path=/a&secret', /not this$/],
  ['pkcs11:token=a;pin%2Dvalue=secret?module-path=/a', /a PIN does not belong into it/],
  ['pkcs11:secret%3D=secret?module-path=/a', /not this$/],
];

for (const [text, fault] of wrong) {
  test(`refused as a URI: ${JSON.stringify(text)}`, (t) => {
    const error = t.throws(() => parsePkcs11Uri(text), { message: fault });
    t.like(error, { code: 'USAGE' });
    t.false(`${error?.message}`.includes('secret'));
  });
}

test('what is written is read again', (t) => {
  const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !/[\p{Cc}\ufffd]/u.test(value));
  const file = text.map((value) => `/${value}`);
  const optional = { requiredKeys: ['token', 'modulePath'] } as const;
  const uri = fc.record(
    {
      token: fc.record({ token: text, serial: text, model: text, manufacturer: text }, { requiredKeys: [] }),
      object: text,
      id: fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      modulePath: file,
      pinSource: file,
    },
    { requiredKeys: [...optional.requiredKeys] },
  );
  fc.assert(
    fc.property(uri, (wanted) => {
      t.deepEqual(parsePkcs11Uri(formatPkcs11Uri(wanted)), { ...wanted, token: { ...wanted.token } });
    }),
  );
});
