import {
  type Arbitrary,
  letrec,
  oneof,
  jsonValue,
  array,
  dictionary,
  constantFrom,
  json,
  string,
  option,
  tuple,
  boolean,
  integer,
  assert,
  property,
} from 'fast-check';
import { operations, type FailureReason } from '../../../src/osb/outcome-types.ts';
import type { AnswerBody, Reply } from '../../../src/osb/reply.ts';
import { answer, failureIn, fault, interpret } from './replies.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  catalog: ['catalog', 'unchanged', 'failed'],
  poll: ['in-progress', 'succeeded', 'failed', 'gone', 'absent', 'unclear'],
  other: ['done', 'accepted', 'failed'],
};

/** Names that mean something in some answer, with anything for a value. */
const fields = [
  'services',
  'operation',
  'credentials',
  'metadata',
  'endpoints',
  'state',
  'description',
  'error',
  'instance_usable',
  'update_repeatable',
  'dashboard_url',
  'volume_mounts',
  'maintenance_info',
  'parameters',
  'plans',
  'id',
  'name',
  'bindable',
  'schemas',
  '__proto__',
];

const value = letrec((tie) => ({
  any: oneof({ depthSize: 'small' }, jsonValue(), tie('object'), array(tie('any'), { maxLength: 3 })),
  object: dictionary(constantFrom(...fields), tie('any'), { maxKeys: 6 }),
}));

const body: Arbitrary<string | AnswerBody> = oneof(
  value.object.map((object) => JSON.stringify(object)),
  json(),
  string({ unit: 'binary' }),
  constantFrom('', ' ', '\ufeff{}', '{"a":1e400}', '['.repeat(100_000), 'null'),
  constantFrom<AnswerBody>(
    { kind: 'truncated' },
    { kind: 'too-large', limitBytes: 1 },
    { kind: 'text', text: '', problem: 'its compression is broken' },
  ),
);

const header = option(oneof(string(), constantFrom('-1', '99999999999', 'soon', '1.5')), {
  nil: undefined,
});

const anyReply: Arbitrary<Reply> = oneof(
  { weight: 20, arbitrary: answers() },
  {
    weight: 1,
    arbitrary: tuple(constantFrom<FailureReason>('Timeout', 'Cancelled', 'TLSExpired'), boolean()).map(
      ([reason, sent]) => fault(reason, sent),
    ),
  },
);

function answers(): Arbitrary<Reply> {
  return tuple(integer({ min: 100, max: 599 }), body, header).map(([status, content, retryAfter]) =>
    answer(status, content, retryAfter === undefined ? {} : { retryAfter }),
  );
}

describe('whatever a broker answers', () => {
  it.each(operations)('%s has an outcome of a known kind and safe text', (operation) => {
    const group = operation === 'catalog' ? 'catalog' : operation.startsWith('poll') ? 'poll' : 'other';
    assert(
      property(anyReply, (reply) => {
        const outcome = interpret(operation, reply);
        expect(kinds[group]).toContain(outcome.kind);
        const message = failureIn(outcome)?.message ?? '';
        expect(Buffer.byteLength(message)).toBeLessThan(2048);
        expect(message).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 400 },
    );
  });

  it.each(operations)('%s survives every status with every sort of body', (operation) => {
    const bodies = [
      '{}',
      '',
      'x',
      '[]',
      'null',
      '{"state":1,"operation":[],"credentials":[],"services":[1]}',
    ];
    for (let status = 100; status < 600; status++) {
      for (const content of bodies) {
        const outcome = interpret(operation, answer(status, content));
        expect(typeof outcome.kind).toBe('string');
      }
    }
  });
});
