import { answerReview, type Answer } from '../../../src/admission/answer.ts';
import { unchanged, type Handler } from '../../../src/admission/decision.ts';
import { podReview, small } from '../../bench/admission/reviews.ts';
import { recordingLogger } from './requests.ts';

const asks = 'bind.servicecatalog.k8s.io/db';
/** As the API server writes it: its order of fields is what is read here. */
const review = podReview(small);
const uid = '00000000-0000-0000-0000-000000000000';

async function answer(text: string, maxParsedBytes?: number) {
  let asked = 0;
  const handler: Handler = () => {
    asked++;
    return unchanged;
  };
  const logger = recordingLogger();
  const outcomes: string[] = [];
  const observe = ({ outcome }: { readonly outcome: string }): number => outcomes.push(outcome);
  const deps = { logger, observe, maxParsedBytes };
  const found: Answer = await answerReview('/mutate/pods', handler, Buffer.from(text), 1_000, deps);
  const { response } = JSON.parse(found.body) as { response: Record<string, unknown> };
  return { asked, response, outcomes, lines: logger.lines };
}

describe('a review that is larger than what may be parsed', () => {
  it('of a Pod that asks is refused without being read', async () => {
    const { asked, response, outcomes, lines } = await answer(review, 4_000);
    expect(asked).toBe(0);
    expect(response).toMatchObject({ uid, allowed: false, status: { code: 422 } });
    expect(response['status']).toMatchObject({
      message: expect.stringMatching(/has \d+ bytes, 4000 are allowed; make it smaller/) as string,
    });
    expect(outcomes).toEqual(['denied']);
    expect(lines).toHaveLength(1);
  });

  it.each([
    ['that does not ask', review.replaceAll(asks, 'example.com/aaaaaaaaaaaaaaaaaaaa')],
    [
      'that is debugged',
      review.replace('"requestKind"', '"subResource":"ephemeralcontainers","requestKind"'),
    ],
  ])('of a Pod %s leaves it as it is', async (_title, text) => {
    const { asked, response, outcomes } = await answer(text, 4_000);
    expect(asked).toBe(0);
    expect(response).toMatchObject({ uid, allowed: true });
    expect(response).not.toHaveProperty('patch');
    expect(response['warnings']).toEqual([expect.stringContaining('can not be injected')]);
    expect(outcomes).toEqual(['skipped']);
  });

  it.each([
    ['within the limit', review, 8_000],
    ['without a limit', review, undefined],
    ['written otherwise than by the API server', JSON.stringify(JSON.parse(` ${review}`), null, 1), 4_000],
  ])('%s is read', async (_title, text, limit) => {
    expect((await answer(text, limit)).asked).toBe(1);
  });
});
