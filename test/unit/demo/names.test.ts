import { bindingRole, instanceNames } from '../../../demo/postgres-broker/names.ts';

const hostile = ['x', '', 'a"b', `'; DROP DATABASE postgres; --`, 'é'.repeat(5_000), '../../etc', '\u0000'];

it.each(hostile)('names for %j are plain identifiers that fit', (id) => {
  const { database, owner } = instanceNames(id);
  for (const name of [database, owner, bindingRole(id, id)]) {
    expect(name).toMatch(/^(db|owner|user)_[0-9a-f]{24}$/);
  }
});

it('gives the same id the same names, and different ids different ones', () => {
  expect(instanceNames('a')).toEqual(instanceNames('a'));
  const databases = new Set(hostile.map((id) => instanceNames(id).database));
  expect(databases.size).toBe(hostile.length);
});

it('does not confuse where the instance id ends and the binding id begins', () => {
  expect(bindingRole('a', 'bc')).not.toBe(bindingRole('ab', 'c'));
  expect(bindingRole('a","b', 'c')).not.toBe(bindingRole('a', 'b","c'));
});
