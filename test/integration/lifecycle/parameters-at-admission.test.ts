import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { findPlan } from '../../../src/cli/find-plan.ts';
import { planReport } from '../../../src/cli/plan-report.ts';
import { deployments } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { runCli } from '../../support/run-cli.ts';
import { waitFor } from '../../support/wait-for.ts';
import { requestedFor } from '../workloads/requested-services.ts';
import { isToldOn } from '../workloads/told.ts';
import { relist } from './instance-actions.ts';

/** Longer than what stores keep of a schema: the webhook has to read it. */
const description = 'What it is for. '.repeat(100);

function catalog(ofCreation: object) {
  const schemas = {
    service_instance: {
      create: { parameters: ofCreation },
      update: { parameters: { properties: { size: { type: 'integer' } } } },
    },
    service_binding: { create: { parameters: { properties: { role: { enum: ['reader', 'writer'] } } } } },
  };
  const plans = [{ id: 'plan', name: 'small', description: 'one', schemas }];
  return { services: [{ id: 'service', name: 'postgresql', description: 'one', bindable: true, plans }] };
}

const create = { required: ['version'], properties: { size: { type: 'integer', description } } };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none', catalog: catalog(create) });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

async function apply(manifest: object): Promise<{ readonly code: number; readonly stderr: string }> {
  const { code, stderr } = await world.controlPlane.kubectl(
    ['apply', '--validate=strict', '-f', '-'],
    JSON.stringify(manifest),
  );
  return { code: code ?? -1, stderr };
}

function instance(name: string, spec: object, annotations: object = {}): object {
  return {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name, namespace: world.namespace, annotations },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      ...spec,
    },
  };
}

function binding(name: string, spec: object): object {
  const metadata = { name, namespace: world.namespace };
  return { apiVersion, kind: serviceBindings.kind, metadata, spec: { instanceRef: { name: 'db' }, ...spec } };
}

const unfit = 'the parameters do not fit plan "postgresql/small": ';

describe('kubectl apply', () => {
  it('is told at once what the schema of the plan refuses, at creation, update and bind', async () => {
    // The webhook hears of the plan by a watch.
    await waitFor(async () => (await apply(instance('db', {}))).code !== 0);
    const refused = await apply(instance('db', { parameters: { size: 'hunter2' } }));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `${unfit}spec.parameters.size must be a whole number; spec.parameters.version is required ("bindery describe plan postgresql/small" lists what it takes)`,
    );
    expect(refused.stderr).not.toContain('hunter2');

    expect((await apply(instance('db', { parameters: { version: 1 } }))).code).toBe(0);
    await world.instance('db', isReady, 'is ready');
    const update = await apply(instance('db', { parameters: { version: 1, size: 'x' } }));
    expect(update.stderr).toContain(`${unfit}spec.parameters.size must be a whole number`);
    const bind = await apply(binding('login', { parameters: { role: 'owner' } }));
    expect(bind.stderr).toContain(`${unfit}spec.parameters.role must be "reader" or "writer"`);
    expect(world.broker.violations).toEqual([]);
  });

  it('is helped by `bindery describe plan`, by the names of the broker or that of the object', async () => {
    const kubeconfig = ['--kubeconfig', world.controlPlane.kubeconfig];
    const { code, stdout } = await runCli(['describe', 'plan', 'postgresql/small', ...kubeconfig]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('\n  size  integer\n') as string,
    });

    const find = async (name: string) =>
      findPlan(world.client, name, 'elsewhere', AbortSignal.timeout(30_000));
    const { kind, plan, class: ofClass } = await find('small');
    expect(planReport(kind, plan, ofClass)).toMatchObject({
      class: 'postgresql',
      create: { parameters: [{ name: 'size' }] },
    });
    expect((await find(plan.metadata.name)).plan.metadata.uid).toBe(plan.metadata.uid);
    await expect(find('mysql/small')).rejects.toThrow(
      'there is no plan "mysql/small" in the cluster or in namespace "elsewhere"',
    );
  });

  it('may change whatever else there is when the schema is another by now', async () => {
    world.broker.setCatalog(catalog({ required: ['new'], description }));
    await relist(world);
    await waitFor(async () => (await apply(instance('new', { parameters: { version: 1 } }))).code !== 0);
    const changed = await apply(
      instance('db', { parameters: { version: 1 }, updateRequests: 1 }, { mine: 'yes' }),
    );
    expect(changed).toEqual({ code: 0, stderr: '' });
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceInstances, 'db');
    world.broker.setCatalog(catalog(create));
    await relist(world);
  });

  it('of a workload is warned, and the workload is told in the same words that its service is not made', async () => {
    const { code, stderr } = await apply(deployment('web', '{"version":1,"size":"hunter2"}'));
    expect(code).toBe(0);
    expect(stderr).toContain(`Warning: binding "db": ${unfit}spec.parameters.size must be a whole number`);
    expect(stderr).not.toContain('hunter2');
    await isToldOn(
      world,
      'web',
      new RegExp(`^Blocked: .*${unfit}spec\\.parameters\\.size must be a whole number`),
    );
    expect(sent('provision')).toEqual([{ version: 1 }]);
  });

  it('of a workload whose service is there changes nothing of it that does not fit, and tells it', async () => {
    await apply(deployment('grown', '{"version":1,"size":1}'));
    const { instance: name } = requestedFor(world.namespace, 'grown', 'db');
    await world.instance(name, isReady, 'is ready');
    expect((await apply(deployment('grown', '{"version":1,"size":"hunter2"}'))).code).toBe(0);
    await isToldOn(
      world,
      'grown',
      new RegExp(`^Blocked: .*${unfit}spec\\.parameters\\.size must be a whole number`),
    );
    expect(sent('update')).toEqual([]);
    expect(await world.instance(name, isReady, 'is ready')).toMatchObject({
      spec: { parameters: { size: 1 } },
    });
  });
});

function sent(operation: 'provision' | 'update'): readonly unknown[] {
  return world.broker
    .requestsOf(operation)
    .map(({ body }) => (body as { parameters?: unknown }).parameters)
    .filter((parameters) => parameters !== undefined);
}

function deployment(name: string, parameters: string): object {
  const annotations = {
    'bind.servicecatalog.k8s.io/db': 'request/postgresql/small',
    'params.bind.servicecatalog.k8s.io/db': parameters,
  };
  const metadata = { name, namespace: world.namespace, annotations };
  const labels = { app: name };
  const containers = [{ name: 'app', image: 'registry.example.com/app:1' }];
  const spec = {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
  return { apiVersion: 'apps/v1', kind: deployments.kind, metadata, spec };
}
