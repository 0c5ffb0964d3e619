/**
 * The functions of WASI preview 1, the only ones that a WASI program may import, and their types.
 *
 * From `wasi_snapshot_preview1.witx` of WebAssembly/WASI (legacy/preview1), with `sock_accept`, its
 * one later addition. All answer an error number, except for `proc_exit`, which doesn't return.
 */

export const wasiModule = 'wasi_snapshot_preview1';

/** Parameters, one letter each: "i" for i32, "I" for i64. */
export const wasiParams: ReadonlyMap<string, string> = new Map([
  ['args_get', 'ii'],
  ['args_sizes_get', 'ii'],
  ['clock_res_get', 'ii'],
  ['clock_time_get', 'iIi'],
  ['environ_get', 'ii'],
  ['environ_sizes_get', 'ii'],
  ['fd_advise', 'iIIi'],
  ['fd_allocate', 'iII'],
  ['fd_close', 'i'],
  ['fd_datasync', 'i'],
  ['fd_fdstat_get', 'ii'],
  ['fd_fdstat_set_flags', 'ii'],
  ['fd_fdstat_set_rights', 'iII'],
  ['fd_filestat_get', 'ii'],
  ['fd_filestat_set_size', 'iI'],
  ['fd_filestat_set_times', 'iIIi'],
  ['fd_pread', 'iiiIi'],
  ['fd_prestat_dir_name', 'iii'],
  ['fd_prestat_get', 'ii'],
  ['fd_pwrite', 'iiiIi'],
  ['fd_read', 'iiii'],
  ['fd_readdir', 'iiiIi'],
  ['fd_renumber', 'ii'],
  ['fd_seek', 'iIii'],
  ['fd_sync', 'i'],
  ['fd_tell', 'ii'],
  ['fd_write', 'iiii'],
  ['path_create_directory', 'iii'],
  ['path_filestat_get', 'iiiii'],
  ['path_filestat_set_times', 'iiiiIIi'],
  ['path_link', 'iiiiiii'],
  ['path_open', 'iiiiiIIii'],
  ['path_readlink', 'iiiiii'],
  ['path_remove_directory', 'iii'],
  ['path_rename', 'iiiiii'],
  ['path_symlink', 'iiiii'],
  ['path_unlink_file', 'iii'],
  ['poll_oneoff', 'iiii'],
  ['proc_exit', 'i'],
  ['proc_raise', 'i'],
  ['random_get', 'ii'],
  ['sched_yield', ''],
  ['sock_accept', 'iii'],
  ['sock_recv', 'iiiiii'],
  ['sock_send', 'iiiii'],
  ['sock_shutdown', 'ii'],
]);

/** Results, as letters of `wasiParams`. */
export function wasiResults(name: string): string {
  return name === 'proc_exit' ? '' : 'i';
}
