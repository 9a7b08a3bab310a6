import { jest } from '@jest/globals';
import { reportFailure } from '../../../src/cli/report-failure.ts';

afterEach(() => void jest.restoreAllMocks());

describe('a failure of a command', () => {
  it.each([
    [
      'is told with its cause',
      new Error('no cluster', { cause: new Error('refused') }),
      'no cluster: refused',
    ],
    [
      'does not repeat a cause',
      new Error('no cluster: refused', { cause: new Error('refused') }),
      'no cluster: refused',
    ],
    ['without a cause is its message', new Error('no cluster'), 'no cluster'],
    ['may be anything', 'no cluster', 'no cluster'],
  ])('%s', (_, error, expected) => {
    const told = jest.spyOn(console, 'error').mockReturnValue(undefined);
    reportFailure(error);
    expect(told.mock.calls).toEqual([[`bindery: ${expected}`]]);
  });
});
