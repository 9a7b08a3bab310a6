import { jest } from '@jest/globals';
import { schedulingGate } from '../../../../src/api/group.ts';
import { gateReconciler, type GateDeps } from '../../../../src/workloads/gates/gate-reconciler.ts';
import { trimPod } from '../../../../src/workloads/pod.ts';

const held = trimPod({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'team', name: 'app-0', uid: 'uid-0' },
  spec: { schedulingGates: [{ name: schedulingGate }, { name: 'another' }] },
});

it('a Pod whose gate is lifted is told once, also while the watch still has it with its gate', async () => {
  const patch = jest.fn(async () => held);
  const record = jest.fn();
  const deps = {
    client: { patch },
    pods: { get: () => held },
    events: { record },
    logger: { info: jest.fn() },
  } as unknown as GateDeps;
  const reconcile = gateReconciler(deps);
  const { signal } = new AbortController();
  await reconcile('team/app-0', signal);
  await reconcile('team/app-0', signal);
  expect(patch).toHaveBeenCalledWith(
    expect.objectContaining({ kind: 'Pod' }),
    { namespace: 'team', name: 'app-0' },
    { metadata: { uid: 'uid-0' }, spec: { schedulingGates: [{ name: 'another' }] } },
    expect.anything(),
  );
  expect(record.mock.calls.map(([, , reason]) => reason)).toEqual(['GateLifted']);
});
