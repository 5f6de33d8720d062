/**
 * Network devices that programs can be bound to: what decides whose function answers a device-bound kfunc.
 *
 * @module
 */

/** A device. */
export interface Device {
  /** As `--device` and `ProgramAttrs.device` name it, e.g. `eth0`. */
  readonly name: string;
  /** The driver, as modules name it in `implements`, e.g. `mlx5`. */
  readonly driver: string;
  /** What the device can do, for people: `NETDEV_XDP_RX_METADATA_*` in lower case (`timestamp`, `hash`, `vlan_tag`). */
  readonly features: readonly string[];
}
