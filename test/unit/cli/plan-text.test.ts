import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import { planReport } from '../../../src/cli/plan-report.ts';
import { planText } from '../../../src/cli/plan-text.ts';

const ofClass = {
  metadata: { name: 'c' },
  spec: { externalName: 'postgresql', bindable: true, defaultProvisionParameters: { size: 10 } },
} as unknown as ClusterServiceClass;

function plan(spec: Partial<ClusterServicePlan['spec']>): ClusterServicePlan {
  return {
    metadata: { name: 'p-1' },
    spec: { externalName: 'small', externalID: 'p-1', description: 'One gigabyte', ...spec },
  } as unknown as ClusterServicePlan;
}

const create = {
  required: ['version'],
  properties: {
    version: {
      type: 'string',
      enum: ['17', '18'],
      description: 'Of PostgreSQL; it is raised within a version by the broker alone',
    },
    size: { type: 'integer', default: 5 },
  },
  additionalProperties: false,
};

it('a plan is told in lines that fit the terminal, with the defaults that will be sent', () => {
  const report = planReport('ClusterServicePlan', plan({ instanceCreateParameterSchema: create }), ofClass);
  const text = planText(report, 60);
  expect(text.split('\n')).toEqual([
    'Plan:         postgresql/small',
    'Object:       ClusterServicePlan p-1',
    'Description:  One gigabyte',
    'Free:         yes',
    'Bindable:     yes',
    'Defaults:     {"size":10}',
    '',
    'Parameters of a new instance:',
    '  version  string, required, one of "17", "18"',
    '           Of PostgreSQL; it is raised within a version by',
    '           the broker alone',
    '  size     integer, default 10',
    '  (no others)',
    '',
    'Parameters that can be changed:',
    '  (the broker gives no schema)',
    '',
    'Parameters of a binding:',
    '  (the broker gives no schema)',
  ]);
});

it('a schema that can not be used says why, and nothing of it does something in a terminal', () => {
  const schema = { $ref: 'http://x.example/\u001b[31m' };
  const report = planReport(
    'ClusterServicePlan',
    plan({ serviceBindingCreateParameterSchema: schema, description: '\u001b[2Jx' }),
    ofClass,
  );
  expect(planText(report, 80)).toContain(
    '(the schema can not be used: its $ref "http://x.example/ " leads to another',
  );
  expect(planText(report, 80)).not.toContain('\u001b');
});

it('the form for scripts has every field, whatever the plan', () => {
  const report = planReport('ClusterServicePlan', plan({ instanceCreateParameterSchema: create }), ofClass);
  expect(JSON.parse(JSON.stringify(report))).toEqual({
    kind: 'ClusterServicePlan',
    name: 'p-1',
    namespace: null,
    namespaces: [],
    maxPerNamespace: { plan: null, class: null },
    class: 'postgresql',
    plan: 'small',
    description: 'One gigabyte',
    free: true,
    bindable: true,
    removed: false,
    defaults: { size: 10 },
    create: {
      parameters: [
        {
          name: 'version',
          type: 'string',
          required: true,
          values: ['17', '18'],
          description: create.properties.version.description,
        },
        { name: 'size', type: 'integer', required: false, default: 10, description: '' },
      ],
      others: false,
      note: null,
    },
    update: { parameters: [], others: true, note: 'the broker gives no schema' },
    bind: { parameters: [], others: true, note: 'the broker gives no schema' },
  });
});

it('who may have it, and how much, is told', () => {
  const annotated = (object: object, annotations: object): object => ({
    ...object,
    metadata: { name: 'x', annotations },
  });
  const report = planReport(
    'ClusterServicePlan',
    annotated(plan({}), {
      'servicecatalog.k8s.io/namespaces': 'team in (a, b)',
      'servicecatalog.k8s.io/max-per-namespace': '1',
    }) as ClusterServicePlan,
    annotated(ofClass, {
      'servicecatalog.k8s.io/namespaces': '!trial',
      'servicecatalog.k8s.io/max-per-namespace': '3',
    }) as ClusterServiceClass,
  );
  expect(planText(report, 80).split('\n').slice(5, 9)).toEqual([
    'Namespaces:   those with labels "!trial" only',
    'Namespaces:   those with labels "team in (a, b)" only',
    'At most:      1 for each namespace',
    'At most:      3 of all plans of "postgresql" for each namespace',
  ]);
});
