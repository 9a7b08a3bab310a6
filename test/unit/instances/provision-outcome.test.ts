import { creationWords, provisioned, provisionFailed } from '../../../src/instances/provision-outcome.ts';
import { pollOfCreationFailed } from '../../../src/operations/failed-creation.ts';
import type { Failure } from '../../../src/osb/outcome-types.ts';

const newId = (): string => 'another-id';
const next = { attempts: 3, nextAttemptTime: '2026-01-01T00:00:05Z', delayMs: 5000 };

function failure(fields: Partial<Failure>): Failure {
  return {
    kind: 'failed',
    reason: 'ServerError',
    message: 'no',
    disposition: 'retry',
    orphanMitigation: false,
    sent: true,
    brokerLevel: false,
    ...fields,
  };
}

describe('a failed provision request', () => {
  it.each<[string, Partial<Failure>, string, { mitigates: boolean; mayExist: boolean }]>([
    ['5xx', { status: 500, orphanMitigation: true }, 'cleaning', { mitigates: true, mayExist: true }],
    [
      '400',
      { status: 400, reason: 'Rejected', disposition: 'terminal' },
      'stalled',
      { mitigates: false, mayExist: false },
    ],
    [
      '409',
      { status: 409, reason: 'Conflict', disposition: 'terminal' },
      'stalled',
      { mitigates: false, mayExist: false },
    ],
    ['429', { status: 429, reason: 'TooManyRequests' }, 'retrying', { mitigates: false, mayExist: false }],
    [
      'never sent',
      { reason: 'ConnectionRefused', sent: false },
      'retrying',
      { mitigates: false, mayExist: false },
    ],
    [
      '200 malformed',
      { status: 200, reason: 'MalformedResponse' },
      'retrying',
      { mitigates: false, mayExist: true },
    ],
    [
      'concurrent',
      { status: 422, reason: 'ConcurrencyError' },
      'retrying',
      { mitigates: false, mayExist: true },
    ],
  ])('%s', (_name, fields, kind, expected) => {
    const { verdict, changes } = provisionFailed(failure(fields), next, newId, 'first');
    expect(verdict.kind).toBe(kind);
    expect(changes.orphanMitigationInProgress === true).toBe(expected.mitigates);
    // The record of what was asked for is dropped only when the broker can not hold it.
    expect('inProgressProperties' in changes).toBe(!expected.mayExist);
  });

  it('H51 leaves an id that is taken to its owner, and takes another for the next spec', () => {
    const taken = failure({ status: 409, reason: 'Conflict', disposition: 'terminal' });
    expect(provisionFailed(taken, next, newId, 'first').changes.instanceID).toBe('another-id');
    const rejected = failure({ status: 400, reason: 'Rejected', disposition: 'terminal' });
    expect(provisionFailed(rejected, next, newId, 'first').changes).not.toHaveProperty('instanceID');
  });

  it.each<[string, Partial<Failure>]>([
    ['400', { status: 400, reason: 'Rejected', disposition: 'terminal' }],
    ['429', { status: 429, reason: 'TooManyRequests' }],
    ['409', { status: 409, reason: 'Conflict', disposition: 'terminal' }],
    ['never sent', { reason: 'ConnectionRefused', sent: false }],
  ])('%s says nothing about an earlier request whose result is unknown', (_name, fields) => {
    const { changes } = provisionFailed(failure(fields), next, newId, 'repeated');
    expect(changes).not.toHaveProperty('inProgressProperties');
    expect(changes).not.toHaveProperty('instanceID');
    expect(changes).not.toHaveProperty('deprovisionStatus');
  });

  it('writes the next attempt into the status and the message', () => {
    const refused = failure({ reason: 'ConnectionRefused', sent: false });
    const { verdict, changes } = provisionFailed(refused, next, newId, 'first');
    expect(verdict).toMatchObject({ kind: 'retrying', nextAttemptTime: next.nextAttemptTime });
    expect(changes).toMatchObject({ attempts: 3, nextAttemptTime: next.nextAttemptTime });
  });
});

describe('an instance that was there before, as 200 says', () => {
  it('is noted when nothing else can be read in the answer', () => {
    const unusable = failure({ status: 200, reason: 'MalformedResponse' });
    expect(provisionFailed(unusable, next, newId, 'first').changes.existedBefore).toBe(true);
    expect(provisionFailed(unusable, next, newId, 'repeated').changes).not.toHaveProperty('existedBefore');
  });

  it.each<[string, Partial<Failure>]>([
    ['5xx', { status: 500, orphanMitigation: true }],
    ['no answer', { reason: 'Timeout', orphanMitigation: true }],
    ['201 malformed', { status: 201, reason: 'MalformedResponse', orphanMitigation: true }],
  ])('is never deleted as an orphan: %s', (_name, fields) => {
    const { verdict, changes } = provisionFailed(failure(fields), next, newId, 'existing');
    expect(verdict.kind).toBe('retrying');
    expect(changes.orphanMitigationInProgress).toBeUndefined();
  });
});

describe('the end of an asynchronous provision', () => {
  it('that failed is cleaned up and then final', () => {
    const instance = {
      metadata: { name: 'db' },
      spec: {},
      status: { inProgressProperties: {}, attempts: 2 },
    };
    const end = { answer: 'poll-failed', cause: 'out of disks' } as const;
    const { verdict, changes } = pollOfCreationFailed(creationWords, end, instance);
    expect(verdict).toMatchObject({ kind: 'cleaning', failedReason: 'ProvisionCallFailed' });
    expect(verdict.message).toContain('out of disks');
    expect(changes.orphanMitigationInProgress).toBe(true);
  });

  it('that succeeded keeps a known dashboard when the answer has none', () => {
    const instance = { metadata: { name: 'db', generation: 4 }, spec: {}, status: {} };
    const { changes } = provisioned(instance, { planID: 'p' }, undefined);
    expect('dashboardURL' in changes).toBe(false);
    expect(changes).toMatchObject({
      provisionStatus: 'Provisioned',
      reconciledGeneration: 4,
      externalProperties: { planID: 'p' },
      inProgressProperties: undefined,
      currentOperation: '',
    });
  });
});
