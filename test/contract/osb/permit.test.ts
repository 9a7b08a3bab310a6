import { waitFor } from '../../support/wait-for.ts';
import { bindOf, never, provisionOf, withBroker } from './harness.ts';

const refused = { kind: 'failed', reason: 'Cancelled', orphanMitigation: false };

describe('requests under a permit', () => {
  it('never reach the broker when it does not hold', async () => {
    let holds = true;
    const permit = { holds: () => holds, signal: new AbortController().signal };
    await withBroker(
      async ({ broker, client }) => {
        expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
        holds = false;
        expect(await client.bind(bindOf(), never)).toMatchObject(refused);
        expect(broker.requests).toHaveLength(1);
        expect(client.circuitState).toBe('closed');
      },
      { client: { permit } },
    );
  });

  it('are looked at again when the connection is there', async () => {
    let asked = 0;
    // It ends between the moment in which the request is begun and the one in which it would be sent.
    const permit = { holds: () => ++asked === 1, signal: new AbortController().signal };
    await withBroker(
      async ({ broker, client }) => {
        expect(await client.provision(provisionOf(), never)).toMatchObject(refused);
        expect(broker.requests).toHaveLength(0);
      },
      { client: { permit } },
    );
  });

  it('are cut short when it ends', async () => {
    const term = new AbortController();
    const permit = { holds: () => !term.signal.aborted, signal: term.signal };
    await withBroker(
      async ({ broker, client }) => {
        broker.script({ operation: 'provision' }, { kind: 'delay', ms: 20_000 });
        const outcome = client.provision(provisionOf(), never);
        await waitFor(() => broker.requests.length === 1);
        term.abort();
        expect(await outcome).toMatchObject({ kind: 'failed', reason: 'Cancelled' });
      },
      { client: { permit } },
    );
  });
});
