import { expandVariables } from '../../../support/kubelet-lite/expand-variables.ts';

describe('expansion of $(NAME)', () => {
  const values: Readonly<Record<string, string>> = { A: 'one', B: '$(A)', EMPTY: '', 'my-key.x': 'odd' };

  it.each([
    ['a text without variables', 'plain', 'plain'],
    ['a variable', '$(A)', 'one'],
    ['several variables in a text', 'x-$(A)-$(A)-y', 'x-one-one-y'],
    ['an empty value', '[$(EMPTY)]', '[]'],
    ['a name that no shell could read', '$(my-key.x)', 'odd'],
    ['a value that looks like a reference: it is not expanded again', '$(B)', '$(A)'],
    ['a name that is not known', '$(NOBODY)', '$(NOBODY)'],
    ['an empty name', '$()', '$()'],
    ['an escaped reference', '$$(A)', '$(A)'],
    ['an escaped dollar and a reference', '$$$(A)', '$one'],
    ['two escaped dollars and a text in parentheses', '$$$$(A)', '$$(A)'],
    ['two dollars', 'a$$b', 'a$b'],
    ['a dollar before something else', '$A ${A} $ (A)', '$A ${A} $ (A)'],
    ['a dollar at the end', 'cost in $', 'cost in $'],
    ['a reference that is not closed', '$(A', '$(A'],
    ['a reference that is not closed, and an escape', '$(A $$', '$(A $'],
    ['a reference inside another: the first parenthesis closes', '$(A$(A))', '$(A$(A))'],
    ['a replacement pattern of JavaScript in a value', '$(A)$&$1', 'one$&$1'],
  ])('%s', (_case, text, expanded) => {
    expect(expandVariables(text, (name) => values[name])).toBe(expanded);
  });
});
