import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { ControllerRole } from '../../../src/commands/controller-role.ts';
import { parseConfig } from '../../../src/config.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { waitFor } from '../../support/wait-for.ts';

const hourMs = 3_600_000;
/** Shorter than a jump. */
const operationTimeout = '10m';

/** What the broker asks for with a failure. */
const pauseMs = 2_000;
const busy: Behaviour = {
  kind: 'answer',
  status: 422,
  body: { error: 'ConcurrencyError' },
  headers: { 'retry-after': String(pauseMs / 1000) },
};

let world: ServiceWorld;
let setByMs = 0;
const stopping = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  const options = {
    namespace: 'default',
    leaderElect: 'false',
    allowLoopbackBrokers: true,
    maxPollInterval: '300ms',
  };
  const role = new ControllerRole({
    client: world.client,
    logger: world.eavesdropper.logger,
    config: parseConfig({ ...options, maxRetryInterval: '2s', operationTimeout }, {}).controller,
    namespace: 'default',
    identity: 'test',
    clock: { now: () => Date.now() + setByMs },
  });
  running = role.start(stopping.signal);
  await world.register();
}, 120_000);

afterAll(async () => {
  stopping.abort();
  await running;
  await world?.stop();
});

/**
 * A life with failed attempts and asynchronous operations; `jump` is called between its steps. Gives what the broker was
 * asked, and what people could read in the instance.
 */
async function live(name: string, jump: () => void): Promise<unknown> {
  world.broker.forget();
  const readable: unknown[] = [];
  const see = (instance: ServiceInstance): void => {
    const { currentOperation, asyncOpInProgress, provisionStatus } = instance.status ?? {};
    readable.push({ reason: readyReason(instance), currentOperation, asyncOpInProgress, provisionStatus });
  };
  const polls = async (operation: 'pollInstance' | 'pollBinding', count: number): Promise<void> => {
    await waitFor(() => world.broker.requestsOf(operation).length >= count, {
      describe: `${count} times ${operation}`,
    });
  };

  world.broker.script({ operation: 'provision' }, busy, 2);
  world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 6 }, 1);
  await world.createInstance(name);
  see(await world.instance(name, ({ status }) => Boolean(status?.nextAttemptTime), 'has failed once'));
  jump();
  await polls('pollInstance', 2);
  const [first, second, third] = world.broker.requestsOf('provision').map(({ atMs }) => atMs);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(pauseMs);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(pauseMs);
  jump();
  await polls('pollInstance', 5);
  jump();
  see(await world.instance(name, isReady, 'is ready'));

  world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 4 }, 1);
  await world.createBinding(name, name);
  await polls('pollBinding', 2);
  jump();
  await world.binding(name, isReady, 'is ready');
  jump();
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);

  world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 4 }, 1);
  const before = world.broker.requestsOf('pollInstance').length;
  await world.remove(serviceInstances, name);
  await polls('pollInstance', before + 2);
  jump();
  await world.gone(serviceInstances, name);
  return { asked: world.broker.requests.map(({ operation, status }) => `${operation} ${status}`), readable };
}

describe('a clock that is set between all steps', () => {
  let usual: unknown;
  beforeAll(async () => {
    usual = await live('usual', () => undefined);
  }, 120_000);

  it.each<[string, (count: number) => number]>([
    ['forward by an hour each time', () => hourMs],
    ['back by an hour each time', () => -hourMs],
    ['forward and back', (count) => (count % 2 === 0 ? hourMs : -hourMs)],
  ])(
    '%s, changes nothing but timestamps',
    async (name, byMs) => {
      let count = 0;
      const told = await live(name.replaceAll(' ', '-'), () => (setByMs += byMs(count++)));
      expect(told).toEqual(usual);
      expect(count).toBeGreaterThan(5);
    },
    120_000,
  );
});
