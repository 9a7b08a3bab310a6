import { asyncUpdateFailed, updated, updateFailed } from '../../../src/instances/update-outcome.ts';
import type { Failure } from '../../../src/osb/outcome-types.ts';

const next = { attempts: 2, nextAttemptTime: '2026-01-01T00:00:05Z', delayMs: 5000 };
const confirmed = { planID: 'small' };
const instance = {
  metadata: { name: 'db', generation: 4 },
  spec: { updateRequests: 3 },
  status: { externalProperties: confirmed, observedGeneration: 4 },
};

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

describe('a failed update', () => {
  it.each<[string, Partial<Failure>, string, boolean]>([
    ['H24 5xx is tried again', { status: 500 }, 'retrying', true],
    ['P54 5xx that must not be repeated is final', { status: 500, updateRepeatable: false }, 'stalled', true],
    [
      'P53 without a word the instance is usable',
      { status: 422, reason: 'Rejected', disposition: 'terminal' },
      'stalled',
      true,
    ],
    [
      'P52 not usable',
      { status: 422, reason: 'Rejected', disposition: 'terminal', instanceUsable: false },
      'stalled',
      false,
    ],
    ['P52 not usable, tried again', { status: 500, instanceUsable: false }, 'retrying', false],
    ['P54 repeatable', { status: 500, updateRepeatable: true }, 'retrying', true],
  ])('%s', (_name, fields, kind, usable) => {
    const { verdict, changes } = updateFailed(instance, failure(fields), next, 'first');
    expect(verdict).toMatchObject({ kind, usable });
    expect(changes.usable).toBe(usable);
    expect(changes).not.toHaveProperty('externalProperties');
    expect(changes).not.toHaveProperty('orphanMitigationInProgress');
  });

  it.each<[string, Partial<Failure>, boolean]>([
    ['no answer in time', { reason: 'Timeout' }, true],
    ['a connection that was cut', { reason: 'ConnectionReset' }, true],
    ['200 with an unusable body', { reason: 'MalformedResponse', status: 200 }, true],
    ['5xx: who said it, and what was done, is not known', { status: 503 }, true],
    ['a request that was never sent', { reason: 'ConnectionRefused', sent: false }, false],
    ['ConcurrencyError', { reason: 'ConcurrencyError', status: 422 }, false],
  ])('stays on record while it may have been carried out: %s', (_name, fields, isKept) => {
    const { changes } = updateFailed(instance, failure(fields), next, 'first');
    expect('inProgressProperties' in changes).toBe(!isKept);
  });

  it.each<[string, Partial<Failure>, string]>([
    ['400', { status: 400, reason: 'Rejected', disposition: 'terminal' }, 'stalled'],
    ['409', { status: 409, reason: 'Conflict', disposition: 'terminal' }, 'stalled'],
    ['429', { status: 429, reason: 'TooManyRequests' }, 'retrying'],
    ['never sent', { reason: 'ConnectionRefused', sent: false }, 'retrying'],
  ])('%s says nothing about an earlier update whose result is unknown', (_name, fields, kind) => {
    const { verdict, changes } = updateFailed(instance, failure(fields), next, 'repeated');
    expect(verdict.kind).toBe(kind);
    expect(changes).not.toHaveProperty('inProgressProperties');
  });

  it('that was not over at its deadline may still be carried out, one that failed may not', () => {
    const overdue = asyncUpdateFailed(instance, 'poll-overdue', 'late', {}).changes;
    expect(overdue).not.toHaveProperty('inProgressProperties');
    const failed = asyncUpdateFailed(instance, 'poll-failed', 'no', {}).changes;
    expect(failed).toHaveProperty('inProgressProperties', undefined);
  });

  it('P52 does not make an unusable instance usable by saying nothing', () => {
    const broken = { ...instance, status: { ...instance.status, usable: false } };
    expect(updateFailed(broken, failure({ status: 500 }), next, 'first').changes.usable).toBe(false);
    expect(asyncUpdateFailed(broken, 'poll-failed', 'no', {}).changes.usable).toBe(false);
    expect(asyncUpdateFailed(broken, 'poll-failed', 'no', { instanceUsable: true }).changes.usable).toBe(
      true,
    );
  });
});

describe('an update that succeeded', () => {
  it('P51 keeps the dashboard when the answer has none', () => {
    expect(updated(instance, { planID: 'large' }, undefined).changes).not.toHaveProperty('dashboardURL');
    expect(updated(instance, undefined, 'https://d.example/').changes.dashboardURL).toBe(
      'https://d.example/',
    );
  });

  it('counts for the spec that it was made for, when that has changed meanwhile', () => {
    const polled = {
      ...instance,
      status: { ...instance.status, asyncOpInProgress: true, observedGeneration: 3 },
    };
    const { changes } = updated(polled, { planID: 'large' }, undefined);
    expect(changes.reconciledGeneration).toBe(3);
    expect(changes).not.toHaveProperty('handledUpdateRequests');
  });
});
