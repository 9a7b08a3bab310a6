import { createIsDying, type IsDying } from '../../../src/admission/dying-instance.ts';
import { KubeApiError, KubeConnectionError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { recordingLogger } from './requests.ts';

const signal = new AbortController().signal;

function isDyingWhen(get: () => Promise<KubeObject>, logger = recordingLogger()): IsDying {
  return createIsDying({ get: get as never }, logger, signal);
}

it.each([
  ['lives', {}, false],
  ['is being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }, true],
])('an instance that %s', async (_what, metadata, expected) => {
  const isDying = isDyingWhen(async () => ({ metadata: { name: 'i', ...metadata } }));
  expect(await isDying('shop', 'i', 1000)).toBe(expected);
});

it('one that does not exist may come yet, without a word in the log', async () => {
  const logger = recordingLogger();
  const isDying = isDyingWhen(async () => {
    throw new KubeApiError({ status: 404, reason: 'NotFound', message: 'no' });
  }, logger);
  expect(await isDying('shop', 'i', 1000)).toBe(false);
  expect(logger.lines).toEqual([]);
});

it('without an answer nobody is refused, and the log says why', async () => {
  const logger = recordingLogger();
  const isDying = isDyingWhen(async () => {
    throw new KubeConnectionError('TIMEOUT', 'no answer');
  }, logger);
  expect(await isDying('shop', 'i', 1000)).toBe(false);
  expect(logger.lines).toHaveLength(1);
});
