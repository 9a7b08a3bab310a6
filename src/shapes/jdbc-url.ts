import type { BindingType, Facts } from './binding-types.ts';

/**
 * A JDBC URL without a login, as the drivers of that database take it: what readers make themselves of host, port and database
 * those of SQL Server, Oracle and MariaDB refuse. Undefined when host or database are not known.
 * @param sslMode of PostgreSQL, which names it alike in its own URIs
 */
export function jdbcUrlFrom(
  { host, port, database }: Facts,
  { name, jdbc }: BindingType,
  sslMode: string | undefined,
): string | undefined {
  if (jdbc === undefined || host === undefined || database === undefined) return undefined;
  const server = port === undefined ? host : `${host}:${port}`;
  const path = encodeURIComponent(database);
  switch (name) {
    case 'sqlserver':
      return `${jdbc}//${server};databaseName=${braced(database)}`;
    case 'oracle':
      return `${jdbc}thin:@//${server}/${database}`;
    case 'hana':
      return `${jdbc}//${server}/?databaseName=${path}`;
    case 'mysql':
      // MariaDB's driver takes this scheme only where that is said; MySQL's takes no other, and does not mind.
      return `${jdbc}//${server}/${path}?permitMysqlScheme=true`;
    case 'postgresql':
      return `${jdbc}//${server}/${path}${sslMode ? `?sslmode=${encodeURIComponent(sslMode)}` : ''}`;
    default:
      return `${jdbc}//${server}/${path}`;
  }
}

/** In braces where a `;` would begin the next property (SQL Server). */
function braced(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `{${text.replaceAll('}', '}}')}}`;
}
