import { check } from '../../bench/admission/load.ts';
import { large, podReview, small, uidPlaceholder } from '../../bench/admission/reviews.ts';

const uid = '7b0c3d1e-0000-4000-8000-000000000001';
const response = { uid, allowed: true, patchType: 'JSONPatch', patch: 'W'.repeat(200) };

function answer(changes: object, status = 200): { status: number; body: string } {
  return { status, body: JSON.stringify({ response: { ...response, ...changes } }) };
}

it('counts an answer with a patch', () => {
  expect(() => check(answer({}), uid)).not.toThrow();
});

it.each([
  ['of another request', answer({ uid: 'other' })],
  ['that refuses', answer({ allowed: false })],
  ['without a patch', answer({ patch: undefined })],
  ['with an empty patch', answer({ patch: 'W10=' })],
  ['of another patch type', answer({ patchType: 'Merge' })],
  ['with an error status', answer({}, 500)],
  ['that is no review', { status: 200, body: '{}' }],
  ['that is no JSON', { status: 200, body: '<html>' }],
])('does not count an answer %s', (_name, wrong) => {
  expect(() => check(wrong, uid)).toThrow();
});

it.each([small, large])('sends the review of a $name in its size', (size) => {
  const review = podReview(size);
  expect(Math.abs(review.length - size.sizeBytes)).toBeLessThan(size.sizeBytes * 0.06);
  expect(review.split(uidPlaceholder)).toHaveLength(2);
  expect(JSON.parse(review)).toMatchObject({ kind: 'AdmissionReview', request: { operation: 'CREATE' } });
});
