/**
 * Bodies for the XDP metadata kfuncs: the kernel's stubs and the answers of two drivers.
 *
 * A program calls the stub; the device it is bound to decides whose function it gets. The drivers' bodies have the shapes of veth's and
 * mlx5's: they cast the context to the driver's structure around `xdp_buff` and read the socket buffer or the completion queue
 * entry there. So they ask for trust, each driver for itself.
 *
 * @module
 */
import { defineModule, type Module } from "../module.ts";
import { readBeside } from "../object_file.ts";
import { CORE_REFERENCES, MLX5_REFERENCES, VETH_REFERENCES } from "./reference.ts";

/** The kernel's own functions, which drivers answer in their stead; without a driver's answer, -EOPNOTSUPP. */
export async function xdpMetadataModule(): Promise<Module> {
  return defineModule({
    name: "xdp_metadata",
    objects: [{
      name: "core.bpf.o",
      bytes: await readBeside(import.meta.url, "core.bpf.o"),
      trust: "asks",
      deviceBound: Object.keys(CORE_REFERENCES),
      references: CORE_REFERENCES,
    }],
  });
}

/** veth's answers: what the socket buffer knows that the packet was before. Needs {@linkcode xdpMetadataModule}. */
export async function vethModule(): Promise<Module> {
  return defineModule({
    name: "veth",
    objects: [{
      name: "veth.bpf.o",
      bytes: await readBeside(import.meta.url, "veth.bpf.o"),
      trust: "asks",
      references: VETH_REFERENCES,
    }],
    implements: {
      bpf_xdp_metadata_rx_timestamp: { driver: "veth", by: "veth_xdp_rx_timestamp" },
      bpf_xdp_metadata_rx_hash: { driver: "veth", by: "veth_xdp_rx_hash" },
      bpf_xdp_metadata_rx_vlan_tag: { driver: "veth", by: "veth_xdp_rx_vlan_tag" },
    },
  });
}

const MLX5: readonly string[] = ["mlx5", "mlx5_core"];

/** mlx5's answers: what the completion queue entry says. Needs {@linkcode xdpMetadataModule}. */
export async function mlx5Module(): Promise<Module> {
  return defineModule({
    name: "mlx5",
    objects: [{
      name: "mlx5.bpf.o",
      bytes: await readBeside(import.meta.url, "mlx5.bpf.o"),
      trust: "asks",
      references: MLX5_REFERENCES,
    }],
    implements: {
      bpf_xdp_metadata_rx_timestamp: { driver: MLX5, by: "mlx5e_xdp_rx_timestamp" },
      bpf_xdp_metadata_rx_hash: { driver: MLX5, by: "mlx5e_xdp_rx_hash" },
      bpf_xdp_metadata_rx_vlan_tag: { driver: MLX5, by: "mlx5e_xdp_rx_vlan_tag" },
    },
  });
}
