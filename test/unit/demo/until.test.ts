import { until } from '../../../demo/until.ts';

const { signal } = new AbortController();

it('looks until it is found', async () => {
  let looks = 0;
  const found = await until('it', async () => (++looks < 3 ? { instead: 'less' } : { found: looks }), {
    signal,
  });
  expect(found).toBe(3);
});

it('says what was seen instead when time is up', async () => {
  const waiting = until('a Pod', async () => ({ instead: 'an event' }), { signal, timeoutMs: 0 });
  await expect(waiting).rejects.toThrow('a Pod: not within 0 s; seen: an event');
});

it('ends when told to', async () => {
  const waiting = until('a Pod', async () => ({ instead: '' }), { signal: AbortSignal.abort() });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
