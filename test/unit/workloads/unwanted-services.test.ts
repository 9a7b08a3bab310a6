import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { generatedForAnnotation, generatedLabel, requestedForAnnotation } from '../../../src/api/group.ts';
import { markOf, requestedName, type RequestedIdentity } from '../../../src/api/requested-identity.ts';
import { unwantedServices, type NamespaceView } from '../../../src/workloads/unwanted-services.ts';
import { trimWorkload } from '../../../src/workloads/workload.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const source = 'request/postgresql/small';
const owner = { workload: { kind: 'Deployment', name: 'app' }, binding: 'db' };
const service: RequestedIdentity = { of: 'workload', ...owner, class: 'postgresql' };
const generated = requestedName('n', service);
const access: RequestedIdentity = { of: 'login', ...owner, instance: generated, parameters: '' };
const login = requestedName('n', access);
const labels = { [generatedLabel]: 'true' };
const marks = { labels, annotations: { [requestedForAnnotation]: markOf(service) } };
const loginMarks = { labels, annotations: { [requestedForAnnotation]: markOf(access) } };
const old = { labels, annotations: { [generatedForAnnotation]: source } };
const deletionTimestamp = '2026-01-01T00:00:00Z';

type Metadata = ServiceInstance['metadata'];

function instance(name: string, metadata: Partial<Metadata> = {}): ServiceInstance {
  return { metadata: { name, namespace: 'n', ...metadata }, spec: {} };
}

function binding(name: string, of: string, metadata: Partial<Metadata> = {}): ServiceBinding {
  return {
    metadata: { name, namespace: 'n', ...metadata },
    spec: { instanceRef: { name: of } },
  };
}

const asking = trimWorkload('Deployment', {
  metadata: { name: 'app', namespace: 'n', annotations: { [bind]: source } },
});
const pair = {
  instances: [instance(generated, marks)],
  bindings: [binding(login, generated, loginMarks)],
};

function unwanted(view: Partial<NamespaceView>): readonly string[] {
  const users = view.bindings ?? pair.bindings;
  const { instances, bindings } = unwantedServices({ workloads: [], ...pair, users, ...view });
  return [
    ...bindings.map(({ metadata }) => `binding ${metadata.name}`),
    ...instances.map(({ metadata }) => `instance ${metadata.name}`),
  ];
}

describe('what was generated', () => {
  it('is wanted while a workload asks for it', () => {
    expect(unwanted({ workloads: [asking] })).toEqual([]);
  });

  it('is unwanted when none does', () => {
    expect(unwanted({})).toEqual([`binding ${login}`, `instance ${generated}`]);
  });

  it('is kept while a workload asks for something that can not be understood', () => {
    const annotated = (annotations: Readonly<Record<string, string>>) =>
      trimWorkload('Deployment', { metadata: { name: 'app', namespace: 'n', annotations } });
    expect(unwanted({ workloads: [annotated({ [bind]: 'requst/postgresql/small' })] })).toEqual([]);
    const misspelt = bind.replace('bind', 'bnd');
    expect(unwanted({ workloads: [annotated({ [misspelt]: 'request/postgresql/small' })] })).toEqual([]);
    const tooMany = Array.from({ length: 300 }, (_none, index) => [`${bind}-${index}`, source]);
    expect(unwanted({ workloads: [annotated(Object.fromEntries(tooMany))] })).toEqual([]);
  });

  it('keeps its instance while somebody else binds it', () => {
    const bindings = [...pair.bindings, binding('mine', generated)];
    expect(unwanted({ bindings })).toEqual([`binding ${login}`]);
  });

  it('keeps its instance for a binding that came while it was looked at', () => {
    const users = [...pair.bindings, binding('mine', generated)];
    expect(unwanted({ users })).toEqual([`binding ${login}`]);
  });

  it('does not keep its instance for a binding that is going', () => {
    const bindings = [binding('mine', generated, { deletionTimestamp })];
    expect(unwanted({ bindings })).toEqual([`instance ${generated}`]);
  });

  it('is not removed twice', () => {
    const instances = [instance(generated, { ...marks, deletionTimestamp })];
    const bindings = [binding(login, generated, { ...loginMarks, deletionTimestamp })];
    expect(unwanted({ instances, bindings })).toEqual([]);
  });
});

it('what people made is never unwanted', () => {
  expect(unwanted({ instances: [instance('db')], bindings: [binding('db', 'db')] })).toEqual([]);
});

it.each<[string, ServiceInstance]>([
  ['a name of its own', instance('db', marks)],
  ['the label alone', instance(generated, { labels })],
  ['the mark of its login', instance(generated, loginMarks)],
  ['been made when equal annotations shared a service', instance('db-0123abcd', old)],
])('what has %s was not generated, whatever marks it', (_what, made) => {
  expect(unwanted({ instances: [made], bindings: [] })).toEqual([]);
});
