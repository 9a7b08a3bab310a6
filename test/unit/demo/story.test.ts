import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Story } from '../../../demo/story.ts';

async function told(tell: (story: Story) => Promise<unknown>): Promise<string[]> {
  const out = new PassThrough();
  await tell(new Story(out));
  out.end();
  return (await text(out)).split('\n');
}

it('tells a step with its time, its title and what there was to see', async () => {
  const lines = await told(async (story) =>
    story.step('do something', async (tell) => {
      tell('first\n  second\n');
      return 1;
    }),
  );
  expect(lines).toEqual([
    expect.stringMatching(/^ {3}0\.\d s {2}do something$/),
    '           first',
    '             second',
    '',
  ]);
});

it('tells which step failed and why, and fails', async () => {
  const lines = await told(async (story) => {
    const failing = story.step('do something', async (tell) => {
      tell('seen before');
      throw new Error('no such thing');
    });
    await expect(failing).rejects.toThrow('no such thing');
  });
  expect(lines).toEqual([
    expect.stringMatching(/^ {3}0\.\d s {2}do something: FAILED$/),
    '           seen before',
    '           no such thing',
    '',
  ]);
});

it('fits 100 columns', async () => {
  const lines = await told(async (story) =>
    story.step('t'.repeat(200), async (tell) => tell('x'.repeat(200))),
  );
  expect(lines.map((line) => line.length)).toEqual([100, 100, 0]);
  expect(lines[0]).toMatch(/…$/);
});
