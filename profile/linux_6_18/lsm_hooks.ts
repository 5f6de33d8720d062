/**
 * Security hooks of Linux 6.18 with rules of their own (`kernel/bpf/bpf_lsm.c`), and functions whose results programs may change: tables.
 *
 * @module
 */
import type { HookRules } from "../profile.ts";

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

const DISABLED = names(`
  audit_rule_match getprocattr getselfattr inode_copy_up_xattr inode_getsecurity inode_listsecurity
  inode_need_killpriv ismaclabel key_getsecurity setprocattr vm_enough_memory xfrm_decode_session
`);
const SLEEPABLE = names(`
  bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_token_capable bpf_token_cmd
  bpf_token_create bpf_token_free bprm_check_security bprm_committed_creds bprm_committing_creds
  bprm_creds_for_exec bprm_creds_from_file capget capset cred_prepare current_getlsmprop_subj
  current_getsecid_subj file_ioctl file_lock file_open file_post_open file_receive inode_create
  inode_free_security inode_getattr inode_getxattr inode_mknod inode_need_killpriv inode_post_setxattr
  inode_readlink inode_rename inode_rmdir inode_setattr inode_setxattr inode_symlink inode_unlink
  kernel_module_request kernel_read_file kernfs_init_security mmap_file netlink_send path_chmod
  path_chown path_link path_mkdir path_notify path_rename path_rmdir path_symlink path_truncate
  path_unlink release_secctx sb_alloc_security sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount
  sb_set_mnt_opts sb_show_options sb_statfs sb_umount settime socket_accept socket_bind socket_connect
  socket_create socket_getpeername socket_getpeersec_dgram socket_getsockname socket_getsockopt
  socket_listen socket_post_create socket_recvmsg socket_sendmsg socket_shutdown socket_socketpair
  syslog task_alloc task_getlsmprop_obj task_getsecid_obj task_prctl task_setscheduler userns_create
`);
const UNTRUSTED = names(`
  bpf_map_free bpf_prog_free file_alloc_security file_free_security sk_alloc_security sk_free_security
  task_free
`);
const BOOLEAN = names(`
  audit_rule_known inode_xattr_skipcap xfrm_state_pol_flow_match
`);

/** Hooks at which options of the socket may be set and read, by programs of control groups. */
export const SOCKOPT_HOOKS: ReadonlySet<string> = names(`
  inet_conn_established inet_csk_clone sock_graft socket_post_create socket_socketpair
`);

/** Functions registered for changes of their results (`register_btf_fmodret_id_set`), and whether their programs may sleep. */
const MODIFIABLE: ReadonlyMap<string, { readonly sleepable: boolean }> = new Map([
  ["bpf_fentry_test1", { sleepable: true }],
  ["bpf_modify_return_test", { sleepable: false }],
  ["bpf_modify_return_test2", { sleepable: false }],
  ["update_socket_protocol", { sleepable: false }],
]);

/** The rules of the hook of this name. */
export function hook(name: string): HookRules {
  return {
    disabled: DISABLED.has(name),
    sleepable: SLEEPABLE.has(name),
    untrusted: UNTRUSTED.has(name),
    boolean: BOOLEAN.has(name),
  };
}

/** Whether programs may change what a function returns; hooks' callers are known by their prefix. */
export function modifiable(name: string): { readonly sleepable: boolean } | undefined {
  return MODIFIABLE.get(name) ?? (name.startsWith("security_") ? { sleepable: false } : undefined);
}

/** System calls take injected errors in kernels with error injection, as distributions build them; other functions are not listed. */
export function takesErrors(name: string): boolean | undefined {
  return /^__(x64|ia32|arm64)_(compat_)?sys_/.test(name) ? true : undefined;
}
