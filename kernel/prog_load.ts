/**
 * BPF_PROG_LOAD with everything it takes, from bytes: the layer below `load.ts`, which knows programs.
 *
 * @module
 */
import { Attr, bpf, closeFd, COMMAND } from "./bpf.ts";
import { lastMessage, type LogStats, logStats } from "./log.ts";

/** Lower-case names of `enum bpf_prog_type`, by number (include/uapi/linux/bpf.h of 6.18). */
const PROGRAM_TYPES: readonly string[] = [
  "unspec",
  "socket_filter",
  "kprobe",
  "sched_cls",
  "sched_act",
  "tracepoint",
  "xdp",
  "perf_event",
  "cgroup_skb",
  "cgroup_sock",
  "lwt_in",
  "lwt_out",
  "lwt_xmit",
  "sock_ops",
  "sk_skb",
  "cgroup_device",
  "sk_msg",
  "raw_tracepoint",
  "cgroup_sock_addr",
  "lwt_seg6local",
  "lirc_mode2",
  "sk_reuseport",
  "flow_dissector",
  "cgroup_sysctl",
  "raw_tracepoint_writable",
  "cgroup_sockopt",
  "tracing",
  "struct_ops",
  "ext",
  "lsm",
  "sk_lookup",
  "syscall",
  "netfilter",
];

/** The `BPF_PROG_TYPE_*` number of a type in lower case, or undefined. */
export function programTypeNumber(name: string): number | undefined {
  const index = PROGRAM_TYPES.indexOf(name);
  return index < 0 ? undefined : index;
}

/** What is loaded. */
export interface RawProgram {
  /** `BPF_PROG_TYPE_*`. */
  readonly type: number;
  /** Eight bytes an instruction, descriptors already filled in. */
  readonly insns: Uint8Array<ArrayBuffer>;
  /** Decides about GPL-only helpers. */
  readonly license: string;
  /** For people; at most 15 characters of it. */
  readonly name?: string;
  /** `enum bpf_attach_type`. */
  readonly attachType?: number;
  /** The target's type in the kernel's BTF. */
  readonly attachBtfId?: number;
  /** `BPF_F_*`. */
  readonly flags?: number;
  /** For kprobes on old kernels. */
  readonly kernVersion?: number;
  /** The device it is offloaded or bound to. */
  readonly ifindex?: number;
  /** Of the BTF that function and line records refer to. */
  readonly btfFd?: number;
  /** `struct bpf_func_info` records of 8 bytes. */
  readonly funcInfo?: Uint8Array<ArrayBuffer>;
  /** `struct bpf_line_info` records of 16 bytes. */
  readonly lineInfo?: Uint8Array<ArrayBuffer>;
  /** 0 no log, 1 the log, 2 with every state, 4 figures alone. */
  readonly logLevel?: number;
}

/** What the kernel said. Disposing closes the program. */
export interface KernelVerdict extends Disposable {
  /** The verdict. */
  readonly accepted: boolean;
  /** Positive; 0 if accepted. */
  readonly errno: number;
  /** The log, up to its end or the largest buffer. */
  readonly log: string;
  /** The log's last line that says something; empty if accepted. */
  readonly message: string;
  /** The figures at the log's end. */
  readonly stats: LogStats;
  /** The program's descriptor, -1 if refused. Closed with the verdict. */
  readonly fd: number;
}

/** First and largest log buffer, in bytes: level 2 of a million-instruction walk needs hundreds of megabytes and is cut to its end. */
const FIRST_LOG = 1 << 20, LARGEST_LOG = 128 << 20;
const ENOSPC = 28;
/** `EAGAIN`: the verification was interrupted every time it was tried, which is no verdict. */
export const EAGAIN = 11;
/** How often an interrupted verification is begun again. */
const INTERRUPTIONS = 10;

/** Loads a program. A refusal is an answer, not an error; nothing is thrown. */
export function loadRaw(program: RawProgram): KernelVerdict {
  const level = program.logLevel ?? 0;
  let logBytes = new Uint8Array(level === 0 ? 0 : FIRST_LOG);
  for (let attempt = 0;; attempt++) {
    const attr = new Attr(152)
      .u32(0, program.type)
      .u32(4, program.insns.length / 8)
      .pointer(8, program.insns)
      .pointer(16, new TextEncoder().encode(program.license + "\0"))
      .u32(24, level)
      .u32(28, logBytes.length)
      .pointer(32, logBytes)
      .u32(40, program.kernVersion ?? 0)
      .u32(44, program.flags ?? 0)
      .objectName(48, program.name ?? "")
      .u32(64, program.ifindex ?? 0)
      .u32(68, program.attachType ?? 0)
      .u32(72, program.btfFd ?? 0)
      .u32(108, program.attachBtfId ?? 0);
    if (program.funcInfo !== undefined && program.btfFd !== undefined) {
      attr.u32(76, 8).pointer(80, program.funcInfo).u32(88, program.funcInfo.length / 8);
    }
    if (program.lineInfo !== undefined && program.btfFd !== undefined) {
      attr.u32(92, 16).pointer(96, program.lineInfo).u32(104, program.lineInfo.length / 16);
    }
    const result = bpf(COMMAND.PROG_LOAD, attr);
    // A signal ended the verification, however far it was.
    if (result === -EAGAIN && attempt < INTERRUPTIONS) continue;
    const wanted = attr.read32(140);
    if (result === -ENOSPC && wanted > logBytes.length && logBytes.length < LARGEST_LOG && attempt < 5) {
      logBytes = new Uint8Array(Math.min(LARGEST_LOG, wanted + 4096));
      continue;
    }
    return verdict(result, logBytes);
  }
}

function verdict(result: number, logBytes: Uint8Array): KernelVerdict {
  const end = logBytes.indexOf(0);
  const log = new TextDecoder().decode(logBytes.subarray(0, end < 0 ? logBytes.length : end));
  let fd = result >= 0 ? result : -1;
  return {
    accepted: result >= 0,
    errno: result >= 0 ? 0 : -result,
    log,
    message: result >= 0 ? "" : lastMessage(log),
    stats: logStats(log),
    get fd() {
      return fd;
    },
    [Symbol.dispose]() {
      if (fd >= 0) closeFd(fd);
      fd = -1;
    },
  };
}
