import { parseArgs } from 'node:util';
import { errorMessage } from '../src/base/logger.ts';
import { operations, type Operation } from '../src/osb/outcome-types.ts';
import { TestBroker } from '../test/support/test-broker/test-broker.ts';

/** `npm run test-broker`: the tests' service broker alone, for people with curl, kubectl or another platform. */

const hang = { kind: 'hang' } as const;

const usage = `npm run test-broker -- [options]
  --port <n>          default 8090
  --username <name>   default broker
  --password <text>   default broker
  --async <polls>     provision, update, deprovision, bind and unbind take so many polls
  --once              hand out credentials only once
  --fail <what>       an operation and a status, such as bind=500; may be repeated
  --hang <operation>  never answers this one; may be repeated

Operations: ${operations.join(', ')}.`;

await run().catch(explain);

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8090' },
      username: { type: 'string', default: 'broker' },
      password: { type: 'string', default: 'broker' },
      async: { type: 'string' },
      once: { type: 'boolean', default: false },
      fail: { type: 'string', multiple: true, default: [] },
      hang: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    port: numberOf('--port', values.port, 65_535),
    polls: values.async === undefined ? undefined : numberOf('--async', values.async, 1_000_000),
    scripts: [
      ...values.hang.map((name) => ({ operation: operationOf('--hang', name), ...hang })),
      ...values.fail.map((text) => {
        const [name = '', status = ''] = text.split('=');
        const operation = operationOf('--fail', name);
        if (/^[2-5]\d\d$/.test(status)) return { operation, kind: 'answer', status: Number(status) } as const;
        throw new Error(`--fail needs an operation and a status, such as ${name}=500, not "${text}".`);
      }),
    ],
  };
}

function numberOf(flag: string, text: string, most: number): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Error(`${flag} needs a number up to ${most}, not "${text}".`);
}

function operationOf(flag: string, name: string): Operation {
  const operation = operations.find((known) => known === name);
  if (operation !== undefined) return operation;
  throw new Error(`${flag} needs one of ${operations.join(', ')}, not "${name}".`);
}

async function run(): Promise<void> {
  const options = readOptions();
  if (options.help) return console.log(usage);
  const { username, password, port, scripts } = options;
  const polls = options.polls === undefined ? undefined : { polls: options.polls };
  const broker = await TestBroker.start({
    port,
    auth: { kind: 'basic', username, password },
    credentialsOnce: options.once,
    ...(polls === undefined
      ? {}
      : {
          asynchronous: { provision: polls, update: polls, deprovision: polls, bind: polls, unbind: polls },
        }),
  });
  for (const { operation, ...behaviour } of scripts) broker.script({ operation }, behaviour, 'always');
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
  const message = errorMessage(error);
  const isInUse = message.includes('EADDRINUSE');
  console.error(isInUse ? `${message.split(' ').at(-1)} is in use; choose another --port.` : message);
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

Is it fit to be registered?
  export PASSWORD=${password}
  node_modules/.bin/node src/main.ts test-broker ${broker.url} --allow-loopback-brokers --username ${username} --password-env PASSWORD

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
