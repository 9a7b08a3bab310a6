import { parseArgs } from 'node:util';
import { errorMessage } from '../src/base/logger.ts';
import { TestBroker } from '../test/support/test-broker/test-broker.ts';

/** `npm run test-broker`: the tests' service broker alone, for people with curl, kubectl or another platform. */

const usage = `npm run test-broker -- [options]
  --port <n>          default 8090
  --username <name>   default broker
  --password <text>   default broker
  --async <polls>     provision, update, deprovision, bind and unbind take so many polls
  --once              hand out credentials only once`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    username: { type: 'string', default: 'broker' },
    password: { type: 'string', default: 'broker' },
    async: { type: 'string' },
    once: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else await run().catch(explain);

async function run(): Promise<void> {
  const { username, password } = values;
  const polls = values.async === undefined ? undefined : { polls: Number(values.async) };
  const broker = await TestBroker.start({
    port: Number(values.port),
    auth: { kind: 'basic', username, password },
    credentialsOnce: values.once,
    ...(polls === undefined
      ? {}
      : {
          asynchronous: { provision: polls, update: polls, deprovision: polls, bind: polls, unbind: polls },
        }),
  });
  greet(broker, username, password);
  const printed = setInterval(() => printNew(broker), 200);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clearInterval(printed);
      void broker.stop();
    });
  }
}

function explain(error: unknown): void {
  const inUse = errorMessage(error).includes('EADDRINUSE');
  console.error(inUse ? `Port ${values.port} is in use; choose another with --port.` : errorMessage(error));
  process.exitCode = 1;
}

function greet(broker: TestBroker, username: string, password: string): void {
  const [service] = broker.catalog.services;
  const planId = service?.plans[0]?.id ?? '';
  const ids = { service_id: service?.id ?? '', plan_id: planId };
  const query = new URLSearchParams(ids).toString();
  const instance = `${broker.url}/v2/service_instances/my-database`;
  const bindBody = JSON.stringify(ids);
  const provisionBody = JSON.stringify({ ...ids, organization_guid: 'me', space_guid: 'here' });
  console.log(`A service broker (Open Service Broker API 2.17) is listening.

  url       ${broker.url}
  user      ${username}
  password  ${password}

For your shell:
  osb() { curl -s -u ${username}:${password} -H 'X-Broker-API-Version: 2.17' -H 'Content-Type: application/json' "$@"; echo; }

Its catalog:
  osb ${broker.url}/v2/catalog

A database, its credentials, and away with them:
  osb -X PUT '${instance}?accepts_incomplete=true' -d '${provisionBody}'
  osb -X PUT '${instance}/service_bindings/mine' -d '${bindBody}'
  osb -X DELETE '${instance}/service_bindings/mine?${query}'
  osb -X DELETE '${instance}?${query}&accepts_incomplete=true'

Every request is printed below. Everything is forgotten when it stops (Ctrl-C).
`);
}

function printNew(broker: TestBroker): void {
  const pending = broker.requests.findIndex(({ status }) => status === 0);
  const finished = broker.requests.splice(0, pending === -1 ? broker.requests.length : pending);
  for (const { method, path, status } of finished) {
    console.log(`${String(status).padEnd(4)}${method.padEnd(7)}${path}`);
  }
  // A person with curl may leave out the request identity; a platform that sends it must send it always.
  const violations = broker.violations.splice(0).filter((text) => !text.startsWith('P07'));
  for (const violation of violations) console.log(`     the caller broke a rule: ${violation}`);
}
