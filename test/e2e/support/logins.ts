import { container } from './objects.ts';

/** Where the application below says that it is ready. */
const port = 8080;

/**
 * An application that logs in again and again with the credentials of its binding `db`, as long as it lives. Each login
 * leaves a row, and so does the very last one. What failed since the login before stands in the row of the next one:
 * so a row that is missing at the end of a Pod is a login that failed, too.
 */
const goOn = `
  const { readFileSync } = require('node:fs');
  const { createServer } = require('node:http');
  const { Client } = require('pg');
  let attempt = 0;
  let isOver = false;
  let failures = [];
  const logIn = async (isLast) => {
    const uri = readFileSync(process.env.SERVICE_BINDING_ROOT + '/db/uri', 'utf8');
    const client = new Client({ connectionString: uri, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    try {
      attempt += 1;
      await client.connect();
      if (attempt === 1) {
        // One after the other: to create it at the same time is an error in spite of IF NOT EXISTS.
        await client.query('SELECT pg_advisory_xact_lock(1); CREATE TABLE IF NOT EXISTS logins ' +
          '(pod text, attempt int, "isLast" bool, login text, "sessionLimit" int, failures text[], PRIMARY KEY (pod, attempt))');
      }
      const row = [process.env.HOSTNAME, attempt, isLast, failures];
      await client.query('INSERT INTO logins SELECT $1, $2, $3, session_user, datconnlimit, $4 ' +
        'FROM pg_database WHERE datname = current_database()', row);
      failures = [];
      if (attempt === 1) createServer((_request, response) => response.end()).listen(${port});
    } catch (error) {
      failures.push(error.code + ' ' + error.message);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  process.once('SIGTERM', () => { isOver = true; });
  (async () => {
    while (!isOver) {
      await logIn(false);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await logIn(true);
    process.exit(0);
  })();`;

/** A container of that application. It is ready when it has logged in. */
export const loggingIn = container('main', goOn, {
  readinessProbe: { httpGet: { port }, periodSeconds: 1, failureThreshold: 30 },
});

/** A login that was made. */
export interface LoginRow {
  readonly pod: string;
  readonly attempt: number;
  readonly isLast: boolean;
  /** User name at the database. */
  readonly login: string;
  /** How many sessions the plan allows. */
  readonly sessionLimit: number;
  /** Of logins before this one. */
  readonly failures: readonly string[];
}

/** A script for such a container that prints all rows, as one line of JSON. */
export const printLogins = `
  const { Client } = require('pg');
  const uri = require('node:fs').readFileSync(process.env.SERVICE_BINDING_ROOT + '/db/uri', 'utf8');
  const client = new Client({ connectionString: uri });
  client.connect()
    .then(() => client.query('SELECT * FROM logins ORDER BY pod, attempt'))
    .then(({ rows }) => console.log(JSON.stringify(rows)))
    .then(() => client.end());`;

/** A script that logs in once and prints as whom, and a variable, as one line of JSON. It does not end. */
export const logInOnce = `
  const { Client } = require('pg');
  const uri = require('node:fs').readFileSync(process.env.SERVICE_BINDING_ROOT + '/db/uri', 'utf8');
  const client = new Client({ connectionString: uri });
  client.connect()
    .then(() => client.query('SELECT session_user AS login'))
    .then(({ rows: [{ login }] }) => console.log(JSON.stringify({ login, env: process.env.PGUSER })))
    .then(() => client.end());
  setInterval(() => undefined, 1000);`;
