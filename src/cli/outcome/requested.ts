/**
 * A request for a CA certificate, and what comes next: of `import` and of `rollover prepare`.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type { CaRequested, RequestPlace } from '../../usecases/authority/request.js';
import type { Options } from '../options/specs.js';
import { standardStream } from '../options/streams.js';
import { withDirectory } from '../render/hint.js';
import type { Outcome } from './outcome.js';

/** Where --request says that it goes. */
export function requestPlaceOf(
  { request = standardStream }: Options<'request'>,
  toOutput: (content: string) => void,
): RequestPlace['out'] {
  return request === standardStream ? toOutput : request;
}

export function requestedOutcome(
  requested: CaRequested,
  next: string,
  { dir }: Options<'dir'>,
  content: string | undefined,
): Outcome {
  const { out, subject, key, folder, replaced } = requested;
  const lines = [
    `${out ?? 'the request'}: for the CA ${subject}, ${key}`,
    ...(folder === undefined ? [] : [`its key waits in ${folder}`]),
    `when it is signed: ${withDirectory(`ovs-pki-ts ${next}`, dir)}`,
  ];
  const gone = 'the key that has waited until now is gone: a certificate for its request is of no use';
  return {
    exitStatus: 0,
    text: lines.map((line) => `${visible(line)}\n`).join(''),
    json: { ...requested },
    errors: [],
    warnings: replaced ? [gone] : [],
    ...(content === undefined ? {} : { content }),
  };
}
