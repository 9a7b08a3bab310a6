import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics();
});

/** The samples of a metric, as they stand in the text. */
async function samples(name: string): Promise<readonly string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

async function sampleCount(): Promise<number> {
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

it('has the media type of Prometheus and metrics of the process', async () => {
  expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await samples('process_resident_memory_bytes')).toHaveLength(1);
  expect(await samples('bindery_build_info')).toEqual([
    `bindery_build_info{version="0.0.0-source",node="${process.version}"} 1`,
  ]);
});

it('functions may be passed on without their object, and sets do not mix', async () => {
  const { observeReconcile } = metrics;
  observeReconcile({ controller: 'instances', outcome: 'done', durationMs: 20 });
  expect(await createMetrics().text()).not.toContain('controller="instances"');
  expect(await samples('bindery_reconcile_duration_seconds_sum')).toEqual([
    'bindery_reconcile_duration_seconds_sum{controller="instances",outcome="done"} 0.02',
  ]);
});

describe('what is asked at every scrape', () => {
  it('the depth of a queue', async () => {
    let depth = 3;
    metrics.watchQueue('instances', () => depth);
    expect(await samples('bindery_queue_depth')).toEqual(['bindery_queue_depth{controller="instances"} 3']);
    depth = 0;
    expect(await samples('bindery_queue_depth')).toEqual(['bindery_queue_depth{controller="instances"} 0']);
  });

  it('who leads', async () => {
    let isLeading = false;
    expect(await samples('bindery_leader')).toEqual(['bindery_leader 0']);
    metrics.watchLeader(() => isLeading);
    isLeading = true;
    expect(await samples('bindery_leader')).toEqual(['bindery_leader 1']);
  });

  it('objects by state', async () => {
    metrics.watchObjects('ServiceInstance', () => ({ ready: 2, failed: 1 }));
    expect(await samples('bindery_objects')).toEqual([
      'bindery_objects{kind="ServiceInstance",state="ready"} 2',
      'bindery_objects{kind="ServiceInstance",state="failed"} 1',
    ]);
  });
});

describe('brokers', () => {
  const cluster = { name: 'a' };
  const own = { namespace: 'team', name: 'a' };

  it('are told apart by their namespace', async () => {
    metrics.observeBroker(cluster, { operation: 'provision', status: 201, durationMs: 100 });
    metrics.observeBroker(own, { operation: 'provision', status: 201, durationMs: 200 });
    expect(await samples('bindery_broker_request_duration_seconds_sum')).toEqual([
      'bindery_broker_request_duration_seconds_sum{broker="a",operation="provision"} 0.1',
      'bindery_broker_request_duration_seconds_sum{broker="team/a",operation="provision"} 0.2',
    ]);
  });

  it('count their failures by reason', async () => {
    metrics.observeBroker(own, { operation: 'bind', status: 500, reason: 'ServerError', durationMs: 1 });
    metrics.observeBroker(own, { operation: 'bind', reason: 'Timeout', durationMs: 1 });
    metrics.observeBroker(own, { operation: 'bind', status: 201, durationMs: 1 });
    expect(await samples('bindery_broker_failures_total')).toEqual([
      'bindery_broker_failures_total{broker="team/a",operation="bind",reason="ServerError"} 1',
      'bindery_broker_failures_total{broker="team/a",operation="bind",reason="Timeout"} 1',
    ]);
  });

  it('show the state of their circuit', async () => {
    for (const [state, value] of [
      ['open', 2],
      ['half-open', 1],
      ['closed', 0],
    ] as const) {
      metrics.circuit(cluster, state);
      expect(await samples('bindery_broker_circuit')).toEqual([
        `bindery_broker_circuit{broker="a"} ${value}`,
      ]);
    }
  });

  it.each([
    ['catalog', 'GetCatalog'],
    ['provision', 'ProvisionInstance'],
    ['getInstance', 'GetInstance'],
    ['update', 'UpdateInstance'],
    ['deprovision', 'DeprovisionInstance'],
    ['pollInstance', 'PollLastOperation'],
    ['bind', 'Bind'],
    ['getBinding', 'GetBinding'],
    ['unbind', 'Unbind'],
    ['pollBinding', 'PollBindingLastOperation'],
  ] as const)('%s is %s in the old counter', async (operation, method) => {
    metrics.observeBroker(own, { operation, status: 422, reason: 'AsyncRequired', durationMs: 1 });
    metrics.observeBroker(own, { operation, reason: 'DNSFailure', durationMs: 1 });
    expect(await samples('servicecatalog_osb_request_count')).toEqual([
      `servicecatalog_osb_request_count{broker="a",method="${method}",status="4xx"} 1`,
      `servicecatalog_osb_request_count{broker="a",method="${method}",status="client-error"} 1`,
    ]);
  });

  it('what was held back is no request', async () => {
    metrics.observeBroker(own, { operation: 'bind', reason: 'CircuitOpen', durationMs: 0 });
    expect(await samples('servicecatalog_osb_request_count')).toEqual([]);
    expect(await samples('bindery_broker_failures_total')).toHaveLength(1);
  });

  it('have their catalogs counted under the old names', async () => {
    metrics.watchCatalogs(() => [
      { broker: cluster, classes: 2, plans: 5 },
      { broker: own, classes: 0, plans: 0 },
    ]);
    expect(await samples('servicecatalog_broker_service_class_count')).toEqual([
      'servicecatalog_broker_service_class_count{broker="a",namespace=""} 2',
      'servicecatalog_broker_service_class_count{broker="a",namespace="team"} 0',
    ]);
    expect(await samples('servicecatalog_broker_service_plan_count')).toEqual([
      'servicecatalog_broker_service_plan_count{broker="a",namespace=""} 5',
      'servicecatalog_broker_service_plan_count{broker="a",namespace="team"} 0',
    ]);
  });

  it('that are gone leave nothing behind', async () => {
    let brokers = [cluster, own];
    metrics.watchCatalogs(() => brokers.map((broker) => ({ broker, classes: 1, plans: 1 })));
    metrics.observeBroker(cluster, { operation: 'bind', status: 201, durationMs: 1 });
    const before = await sampleCount();
    metrics.observeBroker(own, { operation: 'bind', status: 410, reason: 'Gone', durationMs: 1 });
    metrics.observeBroker(own, { operation: 'unbind', reason: 'Timeout', durationMs: 1 });
    metrics.circuit(own, 'open');
    expect(await sampleCount()).toBeGreaterThan(before);
    brokers = [cluster];
    expect(await metrics.text()).not.toContain('team');
    expect(await samples('bindery_broker_request_duration_seconds_count')).toHaveLength(1);
  });

  it('however many there are, the number of series is bounded', async () => {
    const call = { operation: 'catalog', status: 200, durationMs: 1 } as const;
    for (let number = 0; number < 1000; number++)
      metrics.observeBroker({ namespace: `n${number}`, name: 'b' }, call);
    expect(await samples('bindery_broker_request_duration_seconds_count')).toHaveLength(101);
    expect(await samples('bindery_broker_request_duration_seconds_count')).toContain(
      'bindery_broker_request_duration_seconds_count{broker="other",operation="catalog"} 900',
    );
    // A slot that becomes free goes to the next one.
    metrics.watchCatalogs(() => []);
    metrics.circuit({ name: 'late' }, 'closed');
    await metrics.text();
    metrics.circuit({ name: 'late' }, 'open');
    expect(await samples('bindery_broker_circuit')).toEqual([]);
  });
});

it('calls of the API server are timed and counted by status', async () => {
  metrics.observeKube({ method: 'GET', resource: 'secrets', status: 200, durationMs: 5 });
  metrics.observeKube({ method: 'GET', resource: 'secrets', status: 0, durationMs: 5 });
  expect(await samples('bindery_kube_answers_total')).toEqual([
    'bindery_kube_answers_total{method="GET",resource="secrets",status="200"} 1',
    'bindery_kube_answers_total{method="GET",resource="secrets",status="none"} 1',
  ]);
  expect(await samples('bindery_kube_request_duration_seconds_count')).toEqual([
    'bindery_kube_request_duration_seconds_count{method="GET",resource="secrets"} 2',
  ]);
});

it('watches are counted by what they did', async () => {
  for (const what of ['list', 'watch', 'event', 'event'] as const) {
    metrics.observeListWatch({ resource: 'namespaces', what });
  }
  expect(await samples('bindery_watch_activity_total')).toContain(
    'bindery_watch_activity_total{resource="namespaces",what="event"} 2',
  );
});

it('admission is timed from one millisecond on, with the size of patches where there is one', async () => {
  metrics.observeAdmission({ path: '/mutate/pods', outcome: 'patched', durationMs: 0.8, patchBytes: 900 });
  metrics.observeAdmission({ path: '/mutate/pods', outcome: 'unchanged', durationMs: 3 });
  const buckets = await samples('bindery_admission_duration_seconds_bucket');
  expect(buckets).toContain(
    'bindery_admission_duration_seconds_bucket{le="0.001",path="/mutate/pods",outcome="patched"} 1',
  );
  expect(await samples('bindery_admission_patch_bytes_count')).toEqual([
    'bindery_admission_patch_bytes_count{path="/mutate/pods"} 1',
  ]);
});

it('injected bindings and conflicts are counted by kind', async () => {
  metrics.observeInjection({ injected: ['request', 'request', 'secret'], conflicts: ['env'] });
  expect(await samples('bindery_injected_bindings_total')).toEqual([
    'bindery_injected_bindings_total{source="request"} 2',
    'bindery_injected_bindings_total{source="secret"} 1',
  ]);
  expect(await samples('bindery_injection_conflicts_total')).toEqual([
    'bindery_injection_conflicts_total{field="env"} 1',
    'bindery_injection_conflicts_total{field="mountPath"} 0',
    'bindery_injection_conflicts_total{field="volume"} 0',
  ]);
});

it('the end of the certificate is a time', async () => {
  metrics.certificateExpires(1_800_000_000);
  expect(await samples('bindery_certificate_not_after_seconds')).toEqual([
    'bindery_certificate_not_after_seconds 1800000000',
  ]);
});

it('tells how long the process took to be ready', async () => {
  expect(await samples('bindery_ready_seconds')).toEqual(['bindery_ready_seconds 0']);
  metrics.becameReady(0.412);
  expect(await samples('bindery_ready_seconds')).toEqual(['bindery_ready_seconds 0.412']);
});

it('every repair of a caBundle is counted', async () => {
  metrics.caBundleWritten();
  metrics.caBundleWritten();
  expect(await samples('bindery_ca_bundle_writes_total')).toEqual(['bindery_ca_bundle_writes_total 2']);
});

describe('docs/reference/metrics.md', () => {
  const file = join(import.meta.dirname, '../../../docs/reference/metrics.md');
  const rowPattern =
    /^\| `([a-z0-9_]+)` +\| (counter|gauge|histogram) +\| ([^|]*?) +\| ([^|]*?) +\| ([^|]*?) +\|$/;

  interface Row {
    readonly type: string;
    readonly labels: readonly string[];
    readonly meaning: string;
  }

  async function rows(): Promise<ReadonlyMap<string, Row>> {
    const page = await readFile(file, 'utf8');
    const matches = page.split('\n').map((line) => rowPattern.exec(line));
    return new Map(
      matches
        .filter((match) => match !== null)
        .map(([, name = '', type = '', labels = '', meaning = '']) => [
          name,
          { type, meaning, labels: [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label = '']) => label) },
        ]),
    );
  }

  it('has a row for every metric, and none for others', async () => {
    expect([...(await rows()).keys()].sort()).toEqual(Object.keys(metrics.labels()).sort());
  });

  it('says the type and the labels that the metric has, and what it means', async () => {
    const text = await metrics.text();
    const labels = metrics.labels();
    for (const [name, row] of await rows()) {
      expect(text).toContain(`# TYPE ${name} ${row.type}`);
      expect({ name, labels: row.labels }).toEqual({ name, labels: labels[name] });
      expect(row.meaning.length).toBeGreaterThan(10);
    }
  });

  it('alerts only on metrics that exist', async () => {
    const page = await readFile(file, 'utf8');
    const mentioned = [...page.matchAll(/\b(?:bindery|servicecatalog)_[a-z0-9_]+[a-z0-9]/g)].map(
      ([name]) => name,
    );
    const known = Object.keys(metrics.labels());
    const unknown = mentioned.filter(
      (name) => !known.includes(name.replace(/_(bucket|sum|count)$/, '')) && !known.includes(name),
    );
    expect(mentioned.length).toBeGreaterThan(20);
    expect(unknown).toEqual([]);
  });
});

it('counters that alerts look at are there at 0 before their first count, which would be no growth else', async () => {
  expect(await samples('bindery_purged_total')).toEqual([
    'bindery_purged_total{kind="ServiceInstance"} 0',
    'bindery_purged_total{kind="ServiceBinding"} 0',
  ]);
  expect(await samples('bindery_injection_conflicts_total')).toHaveLength(3);
  metrics.observeAdmission({ path: '/mutate/pods', outcome: 'patched', durationMs: 1 });
  expect(await samples('bindery_admission_duration_seconds_count')).toContain(
    'bindery_admission_duration_seconds_count{path="/mutate/pods",outcome="failed"} 0',
  );
});
