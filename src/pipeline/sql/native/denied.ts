/**
 * Functions that do more than read rows: they reach the server's files, other servers or sessions, wait, take locks, change settings, or run a
 * text as a statement, which nothing would have checked. What really keeps a query from writing is the read-only transaction
 * and the rights of the connection's role; this list is there for what these let through.
 */
const prefixes: readonly string[] = [
  'binary_upgrade_',
  'connectby',
  'crosstab',
  'cursor_to_xml',
  'database_to_xml',
  'dblink',
  'lo_',
  'pg_advisory_',
  'pg_backup_',
  'pg_cancel_',
  'pg_copy_',
  'pg_create_',
  'pg_drop_',
  'pg_export_',
  'pg_file_',
  'pg_log_',
  'pg_logdir_',
  'pg_logical_',
  'pg_ls_',
  'pg_read_',
  'pg_reload_',
  'pg_replication_',
  'pg_rotate_',
  'pg_sleep',
  'pg_start_',
  'pg_stat_file',
  'pg_stat_reset',
  'pg_stop_',
  'pg_switch_',
  'pg_sync_',
  'pg_terminate_',
  'pg_try_advisory_',
  'pg_wal_',
  'postgres_fdw_',
  'query_to_xml',
  'schema_to_xml',
  'table_to_xml',
  'xpath_table',
]

const names: ReadonlySet<string> = new Set([
  'loread',
  'lowrite',
  'nextval',
  'pg_config',
  'pg_current_logfile',
  'pg_extension_config_dump',
  'pg_hba_file_rules',
  'pg_notify',
  'pg_promote',
  'pg_show_all_file_settings',
  'set_config',
  'setval',
  'ts_rewrite',
  'ts_stat',
])

export function isDenied(name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}
