import { askTogether } from '../../../src/admission/ask-together.ts';
import { mayOnAny, type AccessCheck, type Authorize } from '../../../src/admission/authorize.ts';

interface Sent {
  readonly check: AccessCheck;
  readonly answer: (allowed: boolean) => void;
  readonly fail: (error: Error) => void;
}

const longMs = 60_000;

let sent: Sent[] = [];
let authorize: Authorize = askTogether(put);

async function put(check: AccessCheck): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  sent.push({ check, answer: resolve, fail: reject });
  return promise;
}

function mayCreate(username: string, resource = 'serviceinstances'): AccessCheck {
  return mayOnAny({ username, groups: ['people'] }, 'shop', 'create', resource);
}

/** Until all that follows from an answer has happened. */
async function soon(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  sent = [];
  authorize = askTogether(put);
});

describe('a question about rights', () => {
  it('is put once for all who ask it while an earlier one is under way, and after they did', async () => {
    const first = authorize(mayCreate('ann'), longMs);
    const others = [1, 2, 3].map(async () => authorize(mayCreate('ann'), longMs));
    expect(sent).toHaveLength(1);
    sent[0]?.answer(true);
    expect(await first).toBe(true);
    await soon();
    expect(sent).toHaveLength(2);
    const late = authorize(mayCreate('ann'), longMs);
    // The right was taken away after the first had asked.
    sent[1]?.answer(false);
    expect(await Promise.all(others)).toEqual([false, false, false]);
    await soon();
    expect(sent).toHaveLength(3);
    sent[2]?.answer(true);
    expect(await late).toBe(true);
  });

  it('is put anew when nobody asks at that moment: nothing is remembered', async () => {
    const first = authorize(mayCreate('ann'), longMs);
    sent[0]?.answer(true);
    expect(await first).toBe(true);
    await soon();
    const second = authorize(mayCreate('ann'), longMs);
    expect(sent).toHaveLength(2);
    sent[1]?.answer(false);
    expect(await second).toBe(false);
  });

  it('of another person, or about something else, is another one', async () => {
    const answers = [
      authorize(mayCreate('ann'), longMs),
      authorize(mayCreate('bob'), longMs),
      authorize(mayCreate('ann', 'servicebindings'), longMs),
    ];
    expect(sent).toHaveLength(3);
    for (const { check, answer } of sent) answer(check.user.username === 'bob');
    expect(await Promise.all(answers)).toEqual([false, true, false]);
  });

  it('fails for those whom it was put for, and no others', async () => {
    const first = authorize(mayCreate('ann'), longMs);
    const second = authorize(mayCreate('ann'), longMs);
    sent[0]?.fail(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await soon();
    sent[1]?.answer(true);
    expect(await second).toBe(true);
  });

  it('that waits for an earlier one is given up in its own time', async () => {
    const first = authorize(mayCreate('ann'), longMs);
    await expect(authorize(mayCreate('ann'), 10)).rejects.toThrow('within 10 ms');
    sent[0]?.answer(true);
    expect(await first).toBe(true);
    await soon();
    sent[1]?.fail(new Error('nobody waits for it'));
    await soon();
  });
});
