import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const banner = `\
# The alerts for the operator of Prometheus. Generated from rules.yaml by \`npm run generate\`. Do not edit.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: bindery
  namespace: bindery-system
  labels:
    app.kubernetes.io/name: bindery
spec:
`;

/** Text of deploy/monitoring/prometheus-rule.yaml: the groups of the rules beside it. */
export async function prometheusRule(directory: string): Promise<string> {
  const rules = await readFile(join(directory, 'rules.yaml'), 'utf8');
  const groups = rules.slice(rules.search(/^groups:/m));
  return banner + groups.replaceAll(/^(?=.)/gm, '  ');
}
