import { answerKind, standingAt, standingOf } from '../../../src/operations/answer-kind.ts';
import {
  answerRules,
  type AnswerKind,
  type Rule,
  type Standing,
  type Write,
} from '../../../src/operations/answer-rules.ts';
import type { Outcome } from '../../../src/osb/outcome-types.ts';
import type { Reply } from '../../../src/osb/reply.ts';
import { answer, fault, interpret } from '../osb/replies.ts';

type Cell = readonly [write: Write, kind: AnswerKind, standing: Standing, rule: Rule];

const cells: readonly Cell[] = Object.entries(answerRules).flatMap(([write, rows]) =>
  Object.entries(rows).flatMap(([kind, row]) =>
    Object.entries(row).map(
      ([standing, rule]) => [write as Write, kind as AnswerKind, standing as Standing, rule] as const,
    ),
  ),
);

/** `create busy repeated`, for all cells that fit. */
function where(fits: (...cell: Cell) => boolean): readonly string[] {
  return cells
    .filter((cell) => fits(...cell))
    .map(([write, kind, standing]) => `${write} ${kind} ${standing}`);
}

const standings = ['first', 'repeated', 'given', 'existing'] as const;
const inAnyCase = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => standings.map((standing) => `${name} ${standing}`));
const sorted = (names: readonly string[]): readonly string[] => [...names].sort();

describe('the rules of answers', () => {
  it('take off the record only what the broker has surely not done, or surely undone', () => {
    const cleared = where((_write, _kind, _standing, { record }) => record === 'cleared');
    expect(sorted(cleared)).toEqual(
      sorted([
        'create not-sent first',
        'create not-now first',
        'create refused first',
        'create conflict first',
        'create not-sent given',
        'create not-now given',
        'create refused given',
        'create conflict given',
        ...['not-sent', 'not-now', 'refused', 'conflict', 'busy'].flatMap((kind) =>
          ['first', 'given'].map((standing) => `update ${kind} ${standing}`),
        ),
        ...inAnyCase('update poll-failed', 'delete done', 'delete poll-succeeded', 'delete poll-gone'),
      ]),
    );
  });

  it('clean up after a creation that nobody can use, and after nothing else', () => {
    const cleanedUp = where((_write, _kind, _standing, { next }) => next.startsWith('clean-up'));
    const orphaning = ['no-answer', 'unusable-2xx', 'server-error', 'poll-failed', 'poll-overdue'];
    expect(sorted(cleanedUp)).toEqual(
      sorted(orphaning.flatMap((kind) => [`create ${kind} first`, `create ${kind} repeated`])),
    );
  });

  it.each(['given', 'existing'])('never clean up what has an id that is %s', (known) => {
    expect(where((_write, _kind, standing, { next }) => standing === known && /clean/.test(next))).toEqual(
      [],
    );
  });

  it('leave an id to its owner only when nothing of ours was ever sent under it', () => {
    expect(where((_write, _kind, _standing, { next }) => next === 'leave')).toEqual([
      'create conflict first',
      'create conflict given',
    ]);
  });

  it('repeat a deletion until the broker has confirmed it', () => {
    const confirmed = ['done', 'poll-succeeded', 'poll-gone'];
    expect(sorted(where((write, _kind, _s, { next }) => write === 'delete' && next === 'settled'))).toEqual(
      sorted(inAnyCase(...confirmed.map((kind) => `delete ${kind}`))),
    );
    expect(
      where(
        (write, _kind, _s, { next }) => write === 'delete' && !['settled', 'poll', 'again'].includes(next),
      ),
    ).toEqual([]);
  });

  it('go on polling until the broker has said how it ended, or time is up', () => {
    const polled = where((_write, kind, _s, { next }) => kind.startsWith('poll-') && next === 'poll');
    const open = ['poll-in-progress', 'poll-unclear'];
    expect(sorted(polled)).toEqual(
      sorted([
        ...inAnyCase(
          ...open.flatMap((kind) => ['create', 'update', 'delete'].map((write) => `${write} ${kind}`)),
        ),
        ...inAnyCase('create poll-absent', 'create poll-gone', 'update poll-absent', 'update poll-gone'),
      ]),
    );
  });
});

const concurrency = '{"error":"ConcurrencyError"}';

function outcomeOf(operation: 'provision' | 'update' | 'deprovision', reply: Reply): Outcome<unknown> {
  return interpret(operation, reply) as Outcome<unknown>;
}

describe('the kind of an answer', () => {
  it.each<[string, Reply, AnswerKind, AnswerKind, AnswerKind]>([
    ['200', answer(200), 'done', 'done', 'done'],
    ['200, unusable', answer(200, '<html>'), 'unusable-200', 'unusable-200', 'unusable-200'],
    ['201', answer(201), 'done', 'unusable-2xx', 'unusable-2xx'],
    ['201, unusable', answer(201, '<html>'), 'unusable-2xx', 'unusable-2xx', 'unusable-2xx'],
    ['202', answer(202), 'accepted', 'accepted', 'accepted'],
    ['202, unusable', answer(202, '<html>'), 'unusable-2xx', 'unusable-2xx', 'unusable-2xx'],
    ['204', answer(204, ''), 'unusable-2xx', 'unusable-2xx', 'unusable-2xx'],
    ['302', answer(302), 'not-now', 'not-now', 'not-now'],
    ['400', answer(400), 'refused', 'refused', 'not-now'],
    ['401', answer(401), 'not-now', 'not-now', 'not-now'],
    ['404', answer(404), 'not-now', 'not-now', 'not-now'],
    ['408', answer(408), 'not-now', 'not-now', 'not-now'],
    ['409', answer(409), 'conflict', 'conflict', 'conflict'],
    ['410', answer(410), 'refused', 'refused', 'done'],
    ['412', answer(412), 'not-now', 'not-now', 'not-now'],
    ['422', answer(422), 'refused', 'refused', 'not-now'],
    ['422 ConcurrencyError', answer(422, concurrency), 'busy', 'busy', 'busy'],
    ['429', answer(429), 'not-now', 'not-now', 'not-now'],
    ['500', answer(500), 'server-error', 'server-error', 'server-error'],
    ['504', answer(504), 'server-error', 'server-error', 'server-error'],
    ['no name', fault('DNSFailure', false), 'not-sent', 'not-sent', 'not-sent'],
    ['refused', fault('ConnectionRefused', false), 'not-sent', 'not-sent', 'not-sent'],
    ['refused at a second try', fault('ConnectionRefused', true), 'no-answer', 'no-answer', 'no-answer'],
    ['no connection in time', fault('Timeout', false), 'not-sent', 'not-sent', 'not-sent'],
    ['no answer in time', fault('Timeout', true), 'no-answer', 'no-answer', 'no-answer'],
    ['no HTTP', fault('MalformedResponse', true), 'no-answer', 'no-answer', 'no-answer'],
    ['cut off by us', fault('Cancelled', true), 'cut-off', 'cut-off', 'cut-off'],
    ['not begun by us', fault('Cancelled', false), 'not-sent', 'not-sent', 'not-sent'],
    ['no request at all', fault('InvalidRequest', false), 'refused', 'refused', 'not-sent'],
  ])('%s', (_name, reply, creation, update, deletion) => {
    expect(answerKind(outcomeOf('provision', reply))).toBe(creation);
    expect(answerKind(outcomeOf('update', reply))).toBe(update);
    expect(answerKind(outcomeOf('deprovision', reply))).toBe(deletion);
  });

  it('P36 cleans up after exactly those that the protocol calls orphaning, whatever the status', () => {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100);
    const differing = statuses.filter((status) => {
      const outcome = outcomeOf('provision', answer(status, '<html>'));
      const isOrphaning = outcome.kind === 'failed' && outcome.orphanMitigation;
      return (answerRules.create[answerKind(outcome)].first.next === 'clean-up') !== isOrphaning;
    });
    expect(differing).toEqual([]);
  });
});

describe('what is known of earlier requests', () => {
  const object = (status: object) => ({ metadata: { name: 'db' }, spec: {}, status });

  it.each<[string, object, Standing]>([
    ['nothing', {}, 'first'],
    ['a request', { inProgressProperties: {} }, 'repeated'],
    ['a request that was answered with 200', { inProgressProperties: {}, existedBefore: true }, 'existing'],
  ])('%s', (_name, status, standing) => {
    expect(standingOf(object(status))).toBe(standing);
  });

  const given = (status: object) => ({ metadata: { name: 'db' }, spec: { externalID: 'of-old' }, status });

  it.each<[string, object, Standing]>([
    ['nothing, after a restore from a backup', { conditions: [] }, 'given'],
    ['a request under the id that was given', { inProgressProperties: {} }, 'existing'],
    ['nothing under the id that came after it', { instanceID: 'fresh' }, 'first'],
    ['a request under the id that came after it', { bindingID: 'x', inProgressProperties: {} }, 'repeated'],
  ])('%s', (_name, status, standing) => {
    expect(standingOf(given(status))).toBe(standing);
  });

  it('counts the first try of a request that went out twice', () => {
    const resent = outcomeOf('provision', answer(409, '{}', { resent: true }));
    expect(standingAt('first', resent)).toBe('repeated');
    expect(standingAt('given', resent)).toBe('existing');
    expect(standingAt('existing', resent)).toBe('existing');
    expect(standingAt('first', outcomeOf('provision', answer(409)))).toBe('first');
    expect(standingAt('given', outcomeOf('provision', answer(409)))).toBe('given');
  });
});
