import type { ServiceBinding, ServiceBindingStatus } from '../../../../src/api/generated/service-binding.ts';
import type {
  ServiceInstance,
  ServiceInstanceStatus,
} from '../../../../src/api/generated/service-instance.ts';
import { bindingStanding, instanceStanding } from '../../../../src/cli/export/standing.ts';

const given = 'of-the-spec';
const inUse = 'in-use';

function instance(status: ServiceInstanceStatus | undefined, deletionTimestamp?: string): ServiceInstance {
  const metadata = {
    name: 'db',
    namespace: 'shop',
    generation: 2,
    ...(deletionTimestamp && { deletionTimestamp }),
  };
  return { metadata, spec: { externalID: given }, ...(status && { status }) };
}

const made = { provisionStatus: 'Provisioned', externalProperties: { planID: 'p' } } as const;
const open = { inProgressProperties: { planID: 'p' } } as const;

describe('an instance that another cluster is to go on with', () => {
  it.each<[string, ServiceInstanceStatus | undefined, string, string | undefined, RegExp | undefined]>([
    ['is provisioned', made, 'adopt', given, undefined],
    ['has another id in use', { ...made, instanceID: inUse }, 'adopt', inUse, undefined],
    ['is of the original Service Catalog', { provisionStatus: 'Provisioned' }, 'adopt', given, undefined],
    ['is being changed', { ...made, ...open, currentOperation: 'Update' }, 'adopt', given, /being changed/],
    ['has an edit that was not sent', { ...made, reconciledGeneration: 1 }, 'adopt', given, /has not come/],
    ['may be half deleted', { ...made, currentOperation: 'Deprovision' }, 'adopt', given, /may have begun/],
    ['is being made', { ...open, currentOperation: 'Provision' }, 'ask', given, /under the same id/],
    ['is under no operation, and its request on record', open, 'ask', given, /under the same id/],
    ['was never asked for', undefined, 'ask', given, undefined],
    [
      'is being cleaned up',
      { ...open, orphanMitigationInProgress: true },
      'anew',
      undefined,
      /"of-the-spec"/,
    ],
  ])('that %s', (_what, status, way, id, note) => {
    const standing = instanceStanding(instance(status), undefined);
    expect(standing).toMatchObject({ way, id });
    if (note === undefined) expect(standing.notes).toEqual([]);
    else expect(standing.notes.join()).toMatch(note);
  });

  it('is left out when it is being deleted, and its id is told', () => {
    const { way, notes } = instanceStanding(instance(made, '2026-01-01T00:00:00Z'), undefined);
    expect([way, notes.join()]).toEqual(['leave-out', expect.stringContaining(given)]);
  });

  it('is not left out when it was deleted with its kind', () => {
    const removedAt = '2026-01-01T00:00:05Z';
    expect(instanceStanding(instance(made, '2026-01-01T00:00:05Z'), removedAt).way).toBe('adopt');
    expect(instanceStanding(instance(made, '2026-01-01T00:00:04Z'), removedAt).way).toBe('leave-out');
  });
});

describe('a binding that another cluster is to go on with', () => {
  const binding = (status: ServiceBindingStatus): ServiceBinding => ({
    metadata: { name: 'db', namespace: 'shop' },
    spec: { instanceRef: { name: 'db' }, externalID: given },
    status,
  });

  it('has the id in use, and names the logins that are not unbound yet', () => {
    const status = { externalProperties: {}, bindingID: inUse, replacedBindings: [{ bindingID: 'older' }] };
    const { way, id, notes } = bindingStanding(binding(status), undefined);
    expect([way, id, notes.join()]).toEqual(['adopt', inUse, expect.stringContaining('"older"')]);
  });

  it('is asked for when it is not there yet', () => {
    expect(bindingStanding(binding({}), undefined)).toEqual({ way: 'ask', id: given, notes: [] });
  });
});
