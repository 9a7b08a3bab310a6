import { KeyedQueue } from '../../../demo/postgres-broker/keyed-queue.ts';

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}

it('runs tasks of one key in turn and of different keys side by side', async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const gate = deferred();
  const first = queue.run('a', async () => {
    log.push('a1 begins');
    await gate.promise;
    log.push('a1 ends');
  });
  const second = queue.run('a', async () => {
    log.push('a2');
  });
  await queue.run('b', async () => {
    log.push('b');
  });
  expect(log).toEqual(['a1 begins', 'b']);
  gate.resolve();
  await Promise.all([first, second]);
  expect(log).toEqual(['a1 begins', 'b', 'a1 ends', 'a2']);
});

it('gives each caller its own result and goes on after a failure', async () => {
  const queue = new KeyedQueue();
  const failing = queue.run('a', async () => {
    throw new Error('no');
  });
  const next = queue.run('a', async () => 2);
  await expect(failing).rejects.toThrow('no');
  await expect(next).resolves.toBe(2);
});
