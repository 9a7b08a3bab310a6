import { serviceInstances } from '../../../src/api/kinds.ts';
import { KeptTimes } from '../../../src/control/kept-times.ts';
import { stop, type Step } from '../../../src/control/steps.ts';
import { creationWords } from '../../../src/instances/provision-outcome.ts';
import { attempt, type Attempt } from '../../../src/operations/attempt.ts';
import type { Judgement, OperationTask } from '../../../src/operations/kind.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';
import type { Outcome } from '../../../src/osb/outcome-types.ts';
import { answer, interpret } from '../osb/replies.ts';

const done: Outcome<object> = { kind: 'done', status: 201, body: {} };
const small = { serviceID: 's', planID: 'small' };
const large = { serviceID: 's', planID: 'large' };

/** An object of which a request may have been made before. */
class World {
  readonly #stopping = new AbortController();
  object: BrokeredObject;
  sent = 0;
  dealtWith = 0;

  constructor(inProgressProperties?: object) {
    const metadata = { name: 'db', namespace: 'ns', uid: 'u', generation: 1 };
    this.object = {
      metadata,
      spec: {},
      ...(inProgressProperties === undefined ? {} : { status: { inProgressProperties } }),
    };
  }

  /** @param outcome what the broker answers; `isStopped` meanwhile */
  async attempt(
    fields: Partial<Attempt<BrokeredObject, object>>,
    { outcome = done, isStopped = false }: { outcome?: Outcome<object>; isStopped?: boolean } = {},
  ): Promise<Step<BrokeredObject>> {
    return attempt(this.#task(), this.object, {
      write: 'create',
      operation: 'Provision',
      broker: { kind: 'ClusterServiceBroker', name: 'b' },
      asksFor: small,
      inFlight: { reason: 'InFlight', message: 'It is in flight' },
      send: () => {
        this.sent++;
        if (isStopped) this.#stopping.abort();
        return Promise.resolve(outcome);
      },
      done: () => {
        this.dealtWith++;
        return Promise.resolve(stop);
      },
      failed: (_intended, _failure, { attempts, nextAttemptTime }): Judgement<BrokeredObject> => ({
        verdict: { kind: 'retrying', reason: 'Again', message: 'no', nextAttemptTime },
        changes: { attempts, nextAttemptTime },
        event: 'Warning',
      }),
      ...fields,
    });
  }

  #task(): OperationTask<BrokeredObject> {
    const clock = { now: () => 0 };
    const stopwatch = { elapsedMs: () => 0 };
    return {
      clock,
      times: new KeptTimes({ clock, stopwatch }),
      kind: {
        noun: 'Instance',
        resource: serviceInstances,
        storeOf: () => ({ put: () => undefined }),
        creation: creationWords,
        idOf: () => 'id',
        reach: () => undefined,
        generationOf: () => 1,
      },
      client: {
        replace: (_resource: object, { status = {} }: BrokeredObject) => {
          this.object = { ...this.object, status };
          return Promise.resolve(this.object);
        },
      },
      stores: {},
      events: { record: () => undefined },
      connections: { reportFailure: () => undefined },
      settings: { retry: { initialMs: 1000, maxMs: 300_000 } },
      signal: this.#stopping.signal,
    } as unknown as OperationTask<BrokeredObject>;
  }
}

describe('an attempt', () => {
  it('is on record before it is sent, and stays there when the process is stopped meanwhile', async () => {
    const world = new World();
    await world.attempt({}, { isStopped: true });
    expect(world).toMatchObject({ sent: 1, dealtWith: 0 });
    expect(world.object.status).toMatchObject({ currentOperation: 'Provision', inProgressProperties: small });
  });

  it('is dealt with all the same when nobody may hear its answer again', async () => {
    const world = new World();
    await world.attempt({ isOnlyAnswer: true }, { isStopped: true });
    expect(world).toMatchObject({ sent: 1, dealtWith: 1 });
  });

  it('is not sent while an earlier one asked for something else: what that may have left goes first', async () => {
    const world = new World(small);
    await world.attempt({ asksFor: large });
    expect(world.sent).toBe(0);
    expect(world.object.status).toMatchObject({
      orphanMitigationInProgress: true,
      inProgressProperties: small,
    });
  });

  it('to change something is sent whatever was asked for before, which stays on record', async () => {
    const world = new World(small);
    await world.attempt({ write: 'update', operation: 'Update', asksFor: large });
    expect(world).toMatchObject({ sent: 1, dealtWith: 1 });
    expect(world.object.status).toMatchObject({ currentOperation: 'Update', inProgressProperties: small });
  });

  it('that failed comes again after its pause', async () => {
    const world = new World();
    const outcome = interpret('provision', answer(500, '{}')) as Outcome<object>;
    const step = await world.attempt({}, { outcome });
    expect(step.kind === 'stop' ? step.requeueAfterMs : 0).toBeGreaterThan(0);
    expect(world.object.status).toMatchObject({ attempts: 1, currentOperation: 'Provision' });
  });
});
