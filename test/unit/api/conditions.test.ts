import {
  findCondition,
  isConditionTrue,
  lastConditionState,
  removeCondition,
  setCondition,
  type ConditionStatement,
} from '../../../src/api/conditions.ts';
import type { Condition } from '../../../src/api/generated/shared-types.ts';

const earlier = '2026-01-01T00:00:00Z';
const now = '2026-01-02T00:00:00Z';

function statement(type: string, status: Condition['status'], reason = 'Reason'): ConditionStatement {
  return { type, status, reason, message: 'message', observedGeneration: 1 };
}

function list(...statements: readonly ConditionStatement[]): readonly Condition[] {
  let conditions: readonly Condition[] = [];
  for (const one of statements) conditions = setCondition(conditions, one, earlier);
  return conditions;
}

const types = (conditions: readonly Condition[]): readonly string[] => conditions.map(({ type }) => type);

describe('setCondition', () => {
  it.each([
    ['Ready behind what was there', ['Reconciling', 'Ready'], ['Reconciling', 'Ready']],
    ['Ready behind what comes later', ['Ready', 'Reconciling'], ['Reconciling', 'Ready']],
    ['Failed behind Ready', ['Failed', 'Ready', 'Stalled'], ['Stalled', 'Ready', 'Failed']],
    ['others in the order they came', ['B', 'Ready', 'A', 'C'], ['B', 'A', 'C', 'Ready']],
  ])('puts %s', (_rule, order, expected) => {
    expect(types(list(...order.map((type) => statement(type, 'True'))))).toEqual(expected);
  });

  it('puts Failed before Ready when it does not hold', () => {
    expect(types(list(statement('Ready', 'True'), statement('Failed', 'False')))).toEqual([
      'Failed',
      'Ready',
    ]);
  });

  it('moves Failed in front of Ready when it no longer holds', () => {
    const failed = list(statement('Ready', 'False'), statement('Failed', 'True'));
    expect(types(setCondition(failed, statement('Failed', 'False'), now))).toEqual(['Failed', 'Ready']);
  });

  it('moves lastTransitionTime when the status changes', () => {
    const conditions = setCondition(list(statement('Ready', 'False')), statement('Ready', 'True'), now);
    expect(findCondition(conditions, 'Ready')?.lastTransitionTime).toBe(now);
  });

  it('keeps lastTransitionTime when reason, message or generation change', () => {
    const next = { ...statement('Ready', 'False', 'Other'), message: 'other', observedGeneration: 2 };
    const conditions = setCondition(list(statement('Ready', 'False')), next, now);
    expect(conditions).toEqual([{ ...next, lastTransitionTime: earlier }]);
  });

  it('returns the same list when nothing differs', () => {
    const conditions = list(statement('Reconciling', 'True'), statement('Ready', 'False'));
    expect(setCondition(conditions, statement('Ready', 'False'), now)).toBe(conditions);
  });

  it('repairs the order of a list that somebody else wrote', () => {
    const foreign: readonly Condition[] = [
      { ...statement('Ready', 'True'), lastTransitionTime: earlier },
      { ...statement('Stalled', 'True'), lastTransitionTime: earlier },
    ];
    expect(types(setCondition(foreign, statement('Ready', 'True'), now))).toEqual(['Stalled', 'Ready']);
  });

  it('does not change its input', () => {
    const conditions = Object.freeze(list(statement('Ready', 'False')).map((one) => Object.freeze(one)));
    setCondition(conditions, statement('Ready', 'True'), now);
    expect(conditions[0]?.status).toBe('False');
  });

  it('begins a list where there is none', () => {
    expect(setCondition(undefined, statement('Ready', 'Unknown'), now)).toHaveLength(1);
  });
});

describe('removeCondition', () => {
  it('takes the condition out', () => {
    const conditions = list(statement('Reconciling', 'True'), statement('Ready', 'True'));
    expect(types(removeCondition(conditions, 'Reconciling'))).toEqual(['Ready']);
  });

  it('returns the same list when it is not there', () => {
    const conditions = list(statement('Ready', 'True'));
    expect(removeCondition(conditions, 'Stalled')).toBe(conditions);
  });
});

it('the message of a condition can be shown, whoever chose its words', () => {
  const message = 'class "\u001b[31mred\u202e" of\r\n\u001b]0;title\u0007the \u200bbroker';
  const [ready] = list({ ...statement('Ready', 'False'), message });
  expect(ready?.message).toBe('class " red " of the  broker');
});

describe('lastConditionState', () => {
  it.each([
    ['without conditions', [], ''],
    ['ready', [statement('Ready', 'True', 'Provisioned')], 'Ready'],
    ['not ready', [statement('Ready', 'False', 'Provisioning')], 'Provisioning'],
    ['unknown', [statement('Ready', 'Unknown', 'DeprovisionCallFailed')], 'DeprovisionCallFailed'],
    ['ready and updating', [statement('Ready', 'True'), statement('Reconciling', 'True')], 'Ready'],
    ['failed', [statement('Ready', 'False', 'X'), statement('Failed', 'True', 'Y')], 'Failed'],
  ])('of an object that is %s', (_state, statements, expected) => {
    expect(lastConditionState(list(...statements))).toBe(expected);
  });

  it('of an object without status is empty', () => {
    expect(lastConditionState(undefined)).toBe('');
  });
});

describe('isConditionTrue', () => {
  it.each([
    ['True', true],
    ['False', false],
    ['Unknown', false],
  ] as const)('for a condition that is %s says %s', (status, expected) => {
    expect(isConditionTrue(list(statement('Ready', status)), 'Ready')).toBe(expected);
  });

  it('is false for a condition that is not there', () => {
    expect(isConditionTrue(undefined, 'Ready')).toBe(false);
  });
});
