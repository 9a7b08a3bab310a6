import { createIsDying, type IsDying } from '../../../src/admission/dying-instance.ts';
import { KubeApiError, KubeConnectionError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { recordingLogger } from './requests.ts';

const signal = new AbortController().signal;

const dying = { metadata: { name: 'i', deletionTimestamp: '2026-01-01T00:00:00Z' } };

/** The view has it as being deleted. */
function isDyingWhen(get: () => Promise<KubeObject>, logger = recordingLogger()): IsDying {
  const view = { get: (key: string) => (key === 'shop/i' ? dying : undefined) };
  return createIsDying(view, { get: get as never }, logger, signal);
}

it.each<[string, KubeObject, boolean]>([
  ['lives, made again since', { metadata: { name: 'i' } }, false],
  ['is being deleted', dying, true],
])('an instance that was seen to be deleted and %s', async (_what, live, expected) => {
  const isDying = isDyingWhen(async () => live);
  expect(await isDying('shop', 'i', 1000)).toBe(expected);
});

it.each<[string, KubeObject | undefined]>([
  ['lives', { metadata: { name: 'i' } }],
  ['is not known', undefined],
])('one that %s is not asked for', async (_what, seen) => {
  const get = async () => Promise.reject(new Error('asked'));
  const logger = recordingLogger();
  const isDying = createIsDying({ get: () => seen }, { get }, logger, signal);
  expect(await isDying('shop', 'i', 1000)).toBe(false);
  expect(logger.lines).toEqual([]);
});

it('one that does not exist any more may come again, without a word in the log', async () => {
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
