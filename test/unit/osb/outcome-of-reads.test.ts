import type { PollOutcome } from '../../../src/osb/outcome-types.ts';
import { pollOutcome } from '../../../src/osb/outcome.ts';
import type { Reply } from '../../../src/osb/reply.ts';
import { answer, fault, interpret } from './replies.ts';

describe('the outcome of a poll', () => {
  const rows: readonly (readonly [string, Reply, string])[] = [
    ['in progress', answer(200, '{"state":"in progress"}'), 'in-progress'],
    ['succeeded', answer(200, '{"state":"succeeded"}'), 'succeeded'],
    ['failed', answer(200, '{"state":"failed"}'), 'failed'],
    ['a misspelt state', answer(200, '{"state":"in-progress"}'), 'unclear MalformedResponse'],
    ['an upper-case state', answer(200, '{"state":"SUCCEEDED"}'), 'unclear MalformedResponse'],
    ['a missing state', answer(200, '{}'), 'unclear MalformedResponse'],
    ['a state of another type', answer(200, '{"state":["succeeded"]}'), 'unclear MalformedResponse'],
    ['no JSON', answer(200, 'OK'), 'unclear MalformedResponse'],
    ['an empty body', answer(200, ''), 'unclear MalformedResponse'],
    ['202', answer(202), 'unclear UnexpectedStatus'],
    ['302', answer(302), 'unclear Redirect'],
    ['400', answer(400), 'unclear Rejected'],
    ['401', answer(401), 'unclear Unauthorized'],
    ['404', answer(404), 'absent'],
    ['410', answer(410), 'gone'],
    ['412', answer(412), 'unclear UnsupportedVersion'],
    ['422', answer(422, '{"error":"ConcurrencyError"}'), 'unclear ConcurrencyError'],
    ['500', answer(500), 'unclear ServerError'],
    ['no answer in time', fault('Timeout', true), 'unclear Timeout'],
  ];

  it.each(rows)('with %s', (_name, reply, expected) => {
    for (const operation of ['pollInstance', 'pollBinding'] as const) {
      const outcome = interpret(operation, reply) as PollOutcome;
      const cell = outcome.kind === 'unclear' ? `unclear ${outcome.failure.reason}` : outcome.kind;
      expect(cell).toBe(expected);
      if (outcome.kind === 'unclear') {
        expect(outcome.failure).toMatchObject({ disposition: 'retry', orphanMitigation: false });
      }
    }
  });

  it('carries description and Retry-After', () => {
    const reply = answer(200, '{"state":"in progress","description":"half\\nway"}', { retryAfter: '3' });
    expect(interpret('pollInstance', reply)).toEqual({
      kind: 'in-progress',
      description: 'half way',
      retryAfterMs: 3000,
    });
  });

  it('keeps flags only for what they are about', () => {
    const reply = answer(200, '{"state":"failed","instance_usable":false,"update_repeatable":false}');
    expect(pollOutcome('pollInstance', reply, 'update', 0)).toEqual({
      kind: 'failed',
      instanceUsable: false,
      updateRepeatable: false,
    });
    expect(pollOutcome('pollInstance', reply, 'deprovision', 0)).toEqual({
      kind: 'failed',
      instanceUsable: false,
    });
    expect(pollOutcome('pollInstance', reply, 'provision', 0)).toEqual({ kind: 'failed' });
    expect(pollOutcome('pollBinding', reply, 'bind', 0)).toEqual({ kind: 'failed' });
  });
});

describe('the outcome of a fetch', () => {
  it.each([
    [400, 'Rejected'],
    [404, 'NotFound'],
    [410, 'Gone'],
    [422, 'Rejected'],
    [500, 'ServerError'],
    [204, 'UnexpectedStatus'],
  ])('of status %d is the failure %s, never terminal', (status, reason) => {
    for (const operation of ['getInstance', 'getBinding'] as const) {
      expect(interpret(operation, answer(status))).toMatchObject({
        kind: 'failed',
        reason,
        disposition: 'retry',
        orphanMitigation: false,
      });
    }
  });

  it('is done with 200 and an object', () => {
    expect(interpret('getInstance', answer(200, '{"plan_id":"p","context":{}}'))).toEqual({
      kind: 'done',
      status: 200,
      body: { planId: 'p' },
    });
  });
});

describe('the outcome of a catalog request', () => {
  it('is unchanged with 304, when it was conditional', () => {
    expect(interpret('catalog', answer(304, ''))).toEqual({ kind: 'unchanged' });
  });

  it('carries the ETag', () => {
    expect(interpret('catalog', answer(200, '{"services":[]}', { etag: '"v1"' }))).toEqual({
      kind: 'catalog',
      catalog: { services: [] },
      problems: [],
      etag: '"v1"',
    });
  });

  it.each([
    ['{}', 'BadCatalog'],
    ['{"services":null}', 'BadCatalog'],
    ['{"services":{}}', 'BadCatalog'],
    ['[]', 'MalformedResponse'],
    ['', 'MalformedResponse'],
    ['{"services":', 'MalformedResponse'],
  ])('with the body %j is the failure %s, not an empty catalog', (body, reason) => {
    expect(interpret('catalog', answer(200, body))).toMatchObject({
      kind: 'failed',
      reason,
      disposition: 'retry',
    });
  });

  it('names the offending path', () => {
    expect(interpret('catalog', answer(200, '{}'))).toMatchObject({
      message: 'the broker answered 200 OK, but its catalog is not acceptable: services: is not an array',
      brokerLevel: true,
    });
  });
});
