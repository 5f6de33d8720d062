/**
 * The runtime's own structures, as data: what a context becomes, what maps and dynamic pointers are made of.
 *
 * Names are the kernel's, so that code written for the kernel compiles against them; the offsets are ours, and nobody may rely on
 * them but through {@link ./layouts.ts}, BTF or the generated header. Only fields that something reads are here. This file is a
 * table; what it means in memory is computed in `layouts.ts`.
 *
 * @module
 */

/** The declarations, in an order in which every embedded structure comes before its user. C syntax, one field a line. */
export const STRUCTURES: Readonly<Record<string, string>> = {
  net_device: `
    __u64 features;
    __u32 ifindex;
    __u32 mtu;
    __u32 real_num_rx_queues;
    __u32 driver_private;
    char name[16];`,
  sock_common: `
    __u16 skc_family;
    __u16 skc_num;
    __be16 skc_dport;
    __u8 skc_state;
    __u8 skc_reserved;
    __be32 skc_daddr;
    __be32 skc_rcv_saddr;
    __u32 skc_v6_daddr[4];
    __u32 skc_v6_rcv_saddr[4];
    __u32 skc_bound_dev_if;
    __u32 skc_mark;
    __u64 skc_cookie;`,
  sock: `
    struct sock_common __sk_common;
    __u32 sk_mark;
    __u32 sk_priority;
    __u32 sk_protocol;
    __u32 sk_type;
    int sk_rx_queue_mapping;`,
  skb_shared_hwtstamps: `
    __u64 hwtstamp;`,
  skb_shared_info: `
    __u8 flags;
    __u8 meta_len;
    __u8 nr_frags;
    __u8 tx_flags;
    __u16 gso_size;
    __u16 gso_segs;
    struct skb_shared_hwtstamps hwtstamps;
    __u32 gso_type;
    __u32 xdp_frags_size;`,
  qdisc_skb_cb: `
    __u32 pkt_len;
    __u16 slave_dev_queue_mapping;
    __u16 tc_classid;
    __u8 data[20];`,
  bpf_skb_data_end: `
    struct qdisc_skb_cb qdisc_cb;
    void *data_meta;
    void *data_end;`,
  sk_buff: `
    struct net_device *dev;
    struct sock *sk;
    unsigned char *head;
    unsigned char *data;
    struct skb_shared_info *shinfo;
    __u32 tail;
    __u32 end;
    __u32 len;
    __u32 data_len;
    __u16 mac_len;
    __u16 queue_mapping;
    __u16 mac_header;
    __u16 network_header;
    __u16 transport_header;
    __be16 protocol;
    __be16 vlan_proto;
    __u16 vlan_tci;
    __u16 tc_index;
    __u8 pkt_type;
    __u8 ip_summed;
    __u8 l4_hash;
    __u8 sw_hash;
    __u8 vlan_present;
    __u8 cloned;
    __u32 mark;
    __u32 priority;
    __u32 hash;
    __u32 skb_iif;
    __u32 napi_id;
    __u32 csum;
    __u64 tstamp;
    __u8 tstamp_type;
    char cb[48] __attribute__((aligned(8)));`,
  xdp_rxq_info: `
    struct net_device *dev;
    __u32 queue_index;
    __u32 reg_state;
    __u32 frag_size;`,
  xdp_txq_info: `
    struct net_device *dev;`,
  xdp_buff: `
    void *data;
    void *data_end;
    void *data_meta;
    void *data_hard_start;
    struct xdp_rxq_info *rxq;
    struct xdp_txq_info *txq;
    __u32 frame_sz;
    __u32 flags;`,
  veth_xdp_buff: `
    struct xdp_buff xdp;
    struct sk_buff *skb;`,
  hwtstamp_config: `
    int flags;
    int tx_type;
    int rx_filter;`,
  mlx5_clock: `
    __u64 cycle_last;
    __u64 nsec;
    __u64 mask;
    __u32 mult;
    __u32 shift;`,
  mlx5_cqe64: `
    __u8 tls_outer_l3_tunneled;
    __u8 rsvd0;
    __be16 wqe_id;
    __u8 rsvd4[8];
    __be32 rss_hash_result;
    __u8 rss_hash_type;
    __u8 ml_path;
    __u8 rsvd20[2];
    __be16 check_sum;
    __be16 slid;
    __be32 flags_rqpn;
    __u8 hds_ip_ext;
    __u8 l4_l3_hdr_type;
    __be16 vlan_info;
    __be32 srqn;
    __be32 ft_metadata;
    __u8 rsvd40[4];
    __be32 byte_cnt;
    __be64 timestamp;
    __be32 sop_drop_qpn;
    __be16 wqe_counter;
    __u8 signature;
    __u8 op_own;`,
  mlx5e_rq: `
    struct net_device *netdev;
    struct hwtstamp_config *tstamp;
    struct mlx5_clock *clock;
    __u8 real_time;
    struct xdp_rxq_info xdp_rxq;`,
  mlx5e_xdp_buff: `
    struct xdp_buff xdp;
    struct mlx5_cqe64 *cqe;
    struct mlx5e_rq *rq;`,
  bpf_dynptr_kern: `
    void *data;
    __u32 size;
    __u32 offset;`,
  bpf_map: `
    __u32 map_type;
    __u32 key_size;
    __u32 value_size;
    __u32 max_entries;
    __u32 map_flags;
    __u32 id;
    __u64 map_extra;`,
  bpf_array: `
    struct bpf_map map;
    __u32 elem_size;
    __u32 index_mask;
    char value[0] __attribute__((aligned(8)));`,
  htab_elem: `
    __u32 next;
    __u32 hash;
    __u32 used;
    __u32 recent;
    char key[0] __attribute__((aligned(8)));`,
  bpf_htab: `
    struct bpf_map map;
    __u32 *buckets;
    char *elems;
    __u32 elem_size;
    __u32 value_offset;
    __u32 bucket_mask;
    __u32 hashrnd;
    __u32 count;
    __u32 free;
    __u32 fresh;
    __u32 evict;`,
  lpm_trie_node: `
    __u32 child[2];
    __u32 prefixlen;
    __u32 flags;
    unsigned char data[0] __attribute__((aligned(8)));`,
  lpm_trie: `
    struct bpf_map map;
    char *nodes;
    __u32 elem_size;
    __u32 value_offset;
    __u32 root;
    __u32 free;
    __u32 fresh;
    __u32 count;`,
  bpf_queue_stack: `
    struct bpf_map map;
    __u32 elem_size;
    __u32 first;
    __u32 count;
    __u32 reserved;
    char value[0] __attribute__((aligned(8)));`,
  bpf_bloom_filter: `
    struct bpf_map map;
    __u32 hash_seed;
    __u32 bitset_mask;
    __u32 nr_hash_funcs;
    __u32 reserved;
    __u64 bitset[0];`,
  inlay_control: `
    __u32 abort;
    __u32 reserved;
    __u64 fuel;
    __u64 unwind_sp;
    __u32 tail_calls;
    __u32 tail_called;
    __u64 more[4];`,
  inlay_state: `
    __u64 random;
    __u64 redirect_flags;
    struct bpf_map *redirect_map;
    __u32 redirect_target;
    __u32 redirected;
    __u32 cpu;
    __u32 hash_seed;`,
};

/** Variables that bodies and helpers may name as `extern … __ksym`, with their types: cells of a run's state. */
export const VARIABLES: Readonly<Record<string, string>> = {
  inlay_state: "struct inlay_state",
  inlay_control: "struct inlay_control",
};

/** Kernel functions that bodies and helpers may call, with their prototypes: result, then parameters. */
export const FUNCTIONS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  /** Calls a callback, whose address is the first argument, with the other four. */
  inlay_invoke: ["__u64", "void *", "__u64", "__u64", "__u64", "__u64"],
  bpf_xdp_pointer: ["void *", "struct xdp_buff *", "__u32", "__u32"],
  bpf_xdp_copy_buf: ["void", "struct xdp_buff *", "__u32", "void *", "__u32", "__u32"],
  xdp_get_buff_len: ["__u64", "struct xdp_buff *"],
  skb_header_pointer: ["void *", "struct sk_buff *", "int", "int", "void *"],
  skb_pointer_if_linear: ["void *", "struct sk_buff *", "int", "int"],
  skb_get_hash: ["__u64", "struct sk_buff *"],
};
