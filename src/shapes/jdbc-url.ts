import type { BindingType, Facts } from './binding-types.ts';
import type { UriParts } from './connection-uri.ts';

/** A JDBC URL without a login; undefined when host or database are not known. */
export function jdbcUrlFrom(
  { host, port, database }: Facts,
  { name, jdbc }: BindingType,
  parts: UriParts | undefined,
): string | undefined {
  if (jdbc === undefined || host === undefined || database === undefined) return undefined;
  const server = port === undefined ? host : `${host}:${port}`;
  const path = encodeURIComponent(database);
  switch (name) {
    case 'sqlserver':
      return `${jdbc}//${server};databaseName=${database}`;
    case 'oracle':
      return `${jdbc}thin:@//${server}/${database}`;
    case 'hana':
      return `${jdbc}//${server}/?databaseName=${path}`;
    case 'mysql':
      // MariaDB's driver takes this scheme only where that is said; MySQL's does not mind.
      return parts?.scheme === 'mariadb'
        ? `jdbc:mariadb://${server}/${path}`
        : `${jdbc}//${server}/${path}?permitMysqlScheme=true`;
    default:
      return `${jdbc}//${server}/${path}${tlsOf(parts)}`;
  }
}

/** PostgreSQL names it alike in both kinds of URL. */
function tlsOf(parts: UriParts | undefined): string {
  const mode = parts?.query['sslmode'];
  return mode ? `?sslmode=${encodeURIComponent(mode)}` : '';
}
