import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import { silentSharers } from '../../../../src/workloads/making/silent-sharers.ts';
import { admittedServices } from '../../../../src/workloads/making/wanted-services.ts';
import { bind, binding, foreign, instance, instanceName, source, workload } from '../keeping/made-for.ts';

const words = { [bind]: source, [`share.${bind}`]: 'Deployment/app' };
const asking = workload('Deployment', {
  metadata: { name: 'small' },
  spec: { template: { metadata: { annotations: words } } },
});

/** What holds up a change that `small` asks for at the instance of `app`. */
function heldUpBy(logins: readonly ServiceBinding[], workloads = [asking]): string | undefined {
  const { bindings, instances } = admittedServices(workloads, true);
  const stores = { serviceBindings: { store: { byIndex: () => logins } } };
  const making = { stores: stores as never, asked: bindings };
  return silentSharers(making, instance(), instances.get(instanceName)?.asks ?? []);
}

describe('a change of a shared instance', () => {
  it('waits for the workload that went a moment ago, as long as its login is there, and says so', () => {
    expect(heldUpBy([binding()])).toMatch(
      /^ServiceInstance ".*" is shared, and stays .* Deployment\/app asks .* "kubectl delete sbind app-db-\w+"/,
    );
    expect(heldUpBy([])).toBeUndefined();
    expect(heldUpBy([binding({ deletionTimestamp: '2026-01-01T00:00:00Z' })])).toBeUndefined();
  });

  it('says until when it waits at most, once that is known', () => {
    const marked = { annotations: { 'servicecatalog.k8s.io/reclaim-at': '2026-01-01T01:00:00Z u' } };
    const login = binding();
    const { metadata } = login;
    const going = {
      ...login,
      metadata: { ...metadata, uid: 'u', annotations: { ...metadata.annotations, ...marked.annotations } },
    };
    expect(heldUpBy([going])).toContain(
      'is gone, at 2026-01-01T01:00:00Z if nothing uses it until then: "kubectl delete',
    );
  });

  it('waits for nobody who asks, and for no binding of a person', () => {
    const owner = workload('Deployment', {
      spec: { template: { metadata: { annotations: { [bind]: source } } } },
    });
    expect(heldUpBy([binding(), foreign('mine', instanceName)], [asking, owner])).toBeUndefined();
  });

  it('waits for no login of one who binds the instance by its name', () => {
    const template = { metadata: { annotations: { [bind]: `instance/${instanceName}` } } };
    const user = workload('Deployment', { metadata: { name: 'user' }, spec: { template } });
    const identity = {
      of: 'login',
      workload: { kind: 'Deployment', name: 'user' },
      binding: 'db',
      instance: instanceName,
      parameters: '',
    } as const;
    expect(heldUpBy([binding({}, identity)], [asking, user])).toBeUndefined();
  });
});
