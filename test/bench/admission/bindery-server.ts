/** A child process: Bindery's webhook server with the real Pod handler, store, logger and metrics. */
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { mutatePod } from '../../../src/admission/mutate-pod.ts';
import { AdmissionServer } from '../../../src/admission/server.ts';
import { saveMemory } from '../../../src/commands/save-memory.ts';
import { Store } from '../../../src/control/store.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { freePort } from '../../support/free-port.ts';
import { bindingName, namespace } from './reviews.ts';
import { answerUsage, startMessage } from './server-child.ts';

saveMemory();
const pair = await startMessage();
const bindings = new Store<ServiceBinding>();
bindings.put({
  metadata: { namespace, name: bindingName, uid: 'b', resourceVersion: '1' },
  spec: { instanceRef: { name: 'orders' }, secretName: 'orders-db-credentials' },
});
// Standard output goes nowhere here, but each line is made and written as in production.
const metrics = createMetrics();
const logger = createLogger({ level: 'info' });

const deps = {
  bindingSecretName: (inNamespace: string, name: string) =>
    bindings.get(`${inNamespace}/${name}`)?.spec.secretName,
  presets: () => [],
  namespaceLabels: () => undefined,
  authorize: async () => false,
  excludedNamespaces: ['bindery-system'],
  schedulingGates: true,
  logger,
  note: () => undefined,
  observe: metrics.observeInjection,
};
const server = new AdmissionServer({
  host: '127.0.0.1',
  port: await freePort(),
  handlers: new Map([['/pods', (request, context) => mutatePod(request, context, deps)]]),
  maxParsedBytes: new Map([['/pods', 256 * 1024]]),
  certificate: { current: pair, subscribe: () => () => undefined },
  logger,
  observe: metrics.observeAdmission,
});
void server.start(new AbortController().signal);
answerUsage((await server.listening).port);
