import type { ServiceInstance, ServiceInstanceStatus } from '../../../src/api/generated/service-instance.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import { pendingChange } from '../../../src/instances/pending-change.ts';
import type { ServiceRequest } from '../../../src/instances/service-request.ts';

const confirmed = {
  serviceID: 's',
  planID: 'small',
  parameterChecksum: 'p1',
  contextChecksum: 'c1',
  maintenanceInfo: { version: '1.0.0' },
  userInfo: { username: 'jane' },
};
const parameters = { size: 1 };
const context = { platform: 'kubernetes' };

function offering(allowContextUpdates: boolean): Offering {
  return { class: { status: { allowContextUpdates } } } as unknown as Offering;
}

/** What is wanted, as far as it differs from what is confirmed. */
function request(properties: Partial<typeof confirmed> = {}, version: string | undefined = '1.0.0') {
  const wanted = {
    ...confirmed,
    ...properties,
    ...(version === undefined ? {} : { maintenanceInfo: { version } }),
  };
  return {
    planId: wanted.planID,
    parameters,
    context,
    maintenanceInfoVersion: version,
    properties: { ...wanted, userInfo: { username: 'ann' } },
  } as unknown as ServiceRequest;
}

function instance(status: ServiceInstanceStatus = {}, updateRequests = 0): ServiceInstance {
  return {
    metadata: { name: 'db' },
    spec: { updateRequests },
    status: { externalProperties: confirmed, handledUpdateRequests: 0, ...status },
  };
}

/** The fields of the PATCH that are there. */
function stated(found: ReturnType<typeof pendingChange>): readonly string[] {
  const { planId, parameters: given, maintenanceInfoVersion, context: told } = found ?? {};
  const body = { planId, parameters: given, maintenanceInfoVersion, context: told };
  return Object.entries(body).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}

describe('what an update has to tell the broker', () => {
  it.each<[string, readonly string[], ServiceInstance, ServiceRequest, boolean]>([
    [
      'P49 another plan, and no parameters',
      ['planId', 'context'],
      instance(),
      request({ planID: 'large' }),
      false,
    ],
    [
      'P48 other parameters, and no plan',
      ['parameters', 'context'],
      instance(),
      request({ parameterChecksum: 'p2' }),
      false,
    ],
    [
      'both',
      ['planId', 'parameters', 'context'],
      instance(),
      request({ planID: 'large', parameterChecksum: 'p2' }),
      false,
    ],
    [
      'P46 an upgrade that was asked for',
      ['maintenanceInfoVersion', 'context'],
      instance({}, 1),
      request({}, '2.0.0'),
      false,
    ],
    ['a bump where nothing is new', [], instance({}, 1), request(), false],
    [
      'a bump with other parameters: the upgrade waits',
      ['parameters', 'context'],
      instance({}, 1),
      request({ parameterChecksum: 'p2' }, '2.0.0'),
      false,
    ],
    [
      'P50 another context, where the class wants it',
      ['context'],
      instance(),
      request({ contextChecksum: 'c2' }),
      true,
    ],
    [
      'P52 the parameters again, after a failure that made the instance unusable',
      ['parameters'],
      instance({ usable: false }),
      request(),
      false,
    ],
    [
      'the plan of before, when nobody knows whether the change was carried out',
      ['planId', 'context'],
      instance({ inProgressProperties: { ...confirmed, planID: 'large' } }),
      request(),
      false,
    ],
  ])('is %s', (_name, fields, from, to, allowContextUpdates) => {
    const found = pendingChange(from, offering(allowContextUpdates), to);
    expect(found).toBeDefined();
    expect(stated(found)).toEqual(fields);
  });

  it.each<[string, ServiceInstance, ServiceRequest, boolean]>([
    ['nothing has changed', instance(), request(), true],
    ['P50 the class does not want contexts', instance(), request({ contextChecksum: 'c2' }), false],
    [
      'what the broker was told first is not known',
      instance({ externalProperties: { planID: 'small', parameterChecksum: 'p1' } }),
      request(),
      true,
    ],
    ['an upgrade is there and nobody asked for it', instance(), request({}, '2.0.0'), true],
  ])('is nothing when %s', (_name, from, to, allowContextUpdates) => {
    expect(pendingChange(from, offering(allowContextUpdates), to)).toBeUndefined();
  });

  it('P46 records a maintenance version only when it was sent', () => {
    const change = pendingChange(instance(), offering(false), request({ planID: 'large' }, '2.0.0'));
    expect(change?.properties).toMatchObject({ planID: 'large', maintenanceInfo: { version: '1.0.0' } });
    const upgrade = pendingChange(instance({}, 1), offering(false), request({}, '2.0.0'));
    expect(upgrade?.properties.maintenanceInfo).toEqual({ version: '2.0.0' });
  });

  it('P05 takes nobody for the author of a new context', () => {
    const change = pendingChange(instance(), offering(true), request({ contextChecksum: 'c2' }));
    expect(change?.isContextOnly).toBe(true);
    expect(change?.properties.userInfo).toEqual({ username: 'jane' });
  });

  it('is an empty object when all parameters were taken away', () => {
    const without = { ...request({ parameterChecksum: '' }), parameters: undefined };
    expect(pendingChange(instance(), offering(false), without)?.parameters).toEqual({});
  });
});
