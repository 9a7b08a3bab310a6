import { secretState, wantedShape } from '../../../src/bindings/secret-state.ts';

it('a status says no more than its definition allows, so that it is never refused', () => {
  const notes = Array.from({ length: 500 }, () => 'x'.repeat(5000));
  const state = secretState('flatten', { notes, missing: [] });
  expect(state?.notes).toHaveLength(20);
  expect(state?.notes?.[0]).toHaveLength(1000);
});

it('a shape that is cut stays text that the API server gives back as it was', () => {
  const annotations = { 'servicecatalog.k8s.io/shape': `${'x'.repeat(4095)}😀` };
  const shape = wantedShape({ metadata: { name: 'b', annotations }, spec: { instanceRef: { name: 'i' } } });
  expect(shape.isWellFormed()).toBe(true);
  expect(shape.length).toBeLessThanOrEqual(4096);
});

it('nothing is said where there is nothing to say', () => {
  expect(secretState('', { notes: [], missing: [] })).toBeUndefined();
});
