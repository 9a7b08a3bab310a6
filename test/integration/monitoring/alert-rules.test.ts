import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import {
  differingAlerts,
  findPromtool,
  reasonNotToTellRules,
  type Series,
} from '../../support/promtool/promtool.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const rules = join(root, 'deploy', 'monitoring', 'rules.yaml');
/** Longer than any rule waits. */
const minutes = 180;

const job = 'job="bindery"';
const controller = `instance="c",${job}`;
const webhook = `instance="w",${job}`;
const broker = 'broker="orders"';

const constant = (series: string, value: number): Series => ({ series, values: `${value}+0x${minutes}` });
/** So many more in each minute. */
const growing = (series: string, step: number): Series => ({ series, values: `0+${step}x${minutes}` });

/** A controller that leads and a webhook, both at work, with nothing amiss. */
const well: readonly Series[] = [
  constant(`bindery_leader{${controller}}`, 1),
  constant(`bindery_leader{${webhook}}`, 0),
  constant(`bindery_build_info{${controller},version="1"}`, 1),
  constant(`bindery_build_info{${webhook},version="1"}`, 1),
  constant(`bindery_view_age_seconds{${controller}}`, 0),
  constant(`bindery_certificate_not_after_seconds{${webhook}}`, 400_000),
  constant(`bindery_certificate_not_after_seconds{${controller}}`, 0),
  constant(`bindery_expiring_bindings{${controller},reason="ExpiringSoon"}`, 4),
  constant(`bindery_objects{${controller},kind="ClusterServiceBroker",state="ready"}`, 2),
  constant(`bindery_objects{${controller},kind="ServiceInstance",state="ready"}`, 50),
  constant(`bindery_objects{${controller},kind="ServiceInstance",state="failed"}`, 1),
  constant(`bindery_queue_depth{${controller},controller="instances"}`, 3),
  constant(`bindery_broker_circuit{${controller},${broker}}`, 0),
  constant(`process_start_time_seconds{${controller}}`, 0),
  constant(`nodejs_eventloop_lag_p99_seconds{${controller}}`, 0.01),
  growing(`bindery_broker_request_duration_seconds_count{${controller},${broker},operation="bind"}`, 60),
  growing(`bindery_broker_failures_total{${controller},${broker},operation="bind",reason="Timeout"}`, 1),
  growing(`bindery_broker_failures_total{${controller},${broker},operation="bind",reason="Rejected"}`, 30),
  growing(
    `bindery_reconcile_duration_seconds_count{${controller},controller="instances",outcome="done"}`,
    60,
  ),
  growing(
    `bindery_reconcile_duration_seconds_count{${controller},controller="instances",outcome="failed"}`,
    1,
  ),
  growing(`bindery_kube_answers_total{${controller},method="PATCH",resource="secrets",status="409"}`, 5),
  growing(`bindery_admission_duration_seconds_count{${webhook},path="/mutate/pods",outcome="patched"}`, 60),
  growing(
    `bindery_admission_duration_seconds_bucket{${webhook},path="/mutate/pods",outcome="patched",le="0.5"}`,
    60,
  ),
  growing(
    `bindery_admission_duration_seconds_bucket{${webhook},path="/mutate/pods",outcome="patched",le="5"}`,
    60,
  ),
  growing(
    `bindery_admission_duration_seconds_bucket{${webhook},path="/mutate/pods",outcome="patched",le="+Inf"}`,
    60,
  ),
  constant(`bindery_injection_conflicts_total{${webhook},field="env"}`, 3),
  constant(`bindery_ca_bundle_writes_total{${controller}}`, 1),
  constant(`bindery_purged_total{${controller},kind="ServiceInstance"}`, 2),
];

/** What makes each alert fire: series in place of those, or beside them. */
const causes: Readonly<Record<string, readonly Series[]>> = {
  BinderyNoLeader: [constant(`bindery_leader{${controller}}`, 0)],
  BinderyAdmissionFails: [
    growing(`bindery_admission_duration_seconds_count{${webhook},path="/mutate/pods",outcome="failed"}`, 1),
  ],
  BinderyWebhookUnreachable: [
    growing(
      'apiserver_admission_webhook_rejection_count{name="pods.servicecatalog.k8s.io",error_type="calling_webhook_error"}',
      2,
    ),
  ],
  // A day is left, and three hours pass.
  BinderyCertificateNotRenewed: [constant(`bindery_certificate_not_after_seconds{${webhook}}`, 24 * 3600)],
  BinderyViewStale: [{ series: `bindery_view_age_seconds{${controller}}`, values: `0+60x${minutes}` }],
  BinderyAdmissionSlow: [
    growing(
      `bindery_admission_duration_seconds_bucket{${webhook},path="/mutate/pods",outcome="patched",le="0.5"}`,
      0,
    ),
  ],
  BinderyBrokerDown: [constant(`bindery_broker_circuit{${controller},${broker}}`, 2)],
  BinderyBrokerNotReady: [
    constant(`bindery_objects{${controller},kind="ServiceBroker",state="retrying"}`, 1),
  ],
  BinderyBrokerFails: [
    growing(`bindery_broker_failures_total{${controller},${broker},operation="bind",reason="Timeout"}`, 10),
  ],
  BinderyDeletionStands: [
    constant(`bindery_objects{${controller},kind="ServiceInstance",state="deleting"}`, 1),
  ],
  BinderyCredentialsEnd: [constant(`bindery_expiring_bindings{${controller},reason="Expired"}`, 1)],
  BinderyReconcileFails: [
    growing(
      `bindery_reconcile_duration_seconds_count{${controller},controller="instances",outcome="failed"}`,
      10,
    ),
  ],
  BinderyQueueStands: [constant(`bindery_queue_depth{${controller},controller="instances"}`, 101)],
  BinderyForbidden: [
    growing(`bindery_kube_answers_total{${controller},method="PATCH",resource="secrets",status="403"}`, 1),
  ],
  BinderyInjectionConflicts: [growing(`bindery_injection_conflicts_total{${webhook},field="env"}`, 1)],
  BinderyQuarrelOverCaBundle: [growing(`bindery_ca_bundle_writes_total{${controller}}`, 2)],
  BinderyPurged: [growing(`bindery_purged_total{${controller},kind="ServiceInstance"}`, 1)],
  BinderyRestarts: [growing(`process_start_time_seconds{${controller}}`, 60)],
  BinderyBusy: [constant(`nodejs_eventloop_lag_p99_seconds{${controller}}`, 0.3)],
  BinderyVersionsDiffer: [constant(`bindery_build_info{instance="x",${job},version="2"}`, 1)],
};

/** Those series, with others of the same name and labels in their place. */
function changed(series: readonly Series[], by: readonly Series[]): readonly Series[] {
  const replaced = new Set(by.map((one) => one.series));
  return [...series.filter((one) => !replaced.has(one.series)), ...by];
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly labels: { readonly severity: string };
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const tell = reasonNotToTellRules === undefined ? describe : describe.skip;

tell('the alerts', () => {
  let promtool: string;
  let alerts: Rules['groups'][number]['rules'];
  beforeAll(async () => {
    promtool = await findPromtool();
    alerts = (load(await readFile(rules, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
  }, 1_200_000);

  it('are rules as Prometheus wants them', async () => {
    const { stdout } = await promisify(execFile)(promtool, [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      rules,
    ]);
    expect(stdout).toContain(`${alerts.length} rules found`);
  });

  it('have a cause in this table each, and a place in the documentation that says what to do', async () => {
    const page = await readFile(join(root, 'docs', 'reference', 'alerts.md'), 'utf8');
    const headings = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(alerts.map(({ alert }) => alert)).toEqual(Object.keys(causes));
    expect(headings).toEqual(Object.keys(causes));
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(Object.keys(annotations)).toEqual(['summary', 'description']);
    }
  });

  it('are silent while all is well', async () => {
    expect(await differingAlerts(promtool, rules, well, minutes, [])).toBeUndefined();
  });

  it.each(Object.keys(causes))('%s fires for its cause, and no other one does', async (alert) => {
    const series = changed(well, causes[alert] ?? []);
    expect(await differingAlerts(promtool, rules, series, minutes, [alert])).toBeUndefined();
    expect(await differingAlerts(promtool, rules, series, minutes, [])).toContain(alert);
  });

  it.each([
    [
      'BinderyAdmissionFails',
      `bindery_admission_duration_seconds_count{${webhook},path="/mutate/pods",outcome="failed"}`,
      10,
    ],
    [
      'BinderyForbidden',
      `bindery_kube_answers_total{${controller},method="PATCH",resource="secrets",status="403"}`,
      20,
    ],
    [
      'BinderyWebhookUnreachable',
      'apiserver_admission_webhook_fail_open_count{name="items.servicecatalog.k8s.io",type="admit"}',
      10,
    ],
  ])('%s fires for what happens once in a while, too', async (alert, series, everyMinutes) => {
    const values = Array.from({ length: minutes }, (_, minute) => Math.floor(minute / everyMinutes)).join(
      ' ',
    );
    const rare = changed(well, [{ series, values }]);
    expect(await differingAlerts(promtool, rules, rare, minutes - 1, [alert])).toBeUndefined();
  });

  it('have no leader to name while no controller is there at all', async () => {
    const gone = well.filter(({ series }) => !series.startsWith('bindery_leader'));
    expect(await differingAlerts(promtool, rules, gone, minutes, ['BinderyNoLeader'])).toBeUndefined();
  });
});
