/**
 * The public entry for authors of plugins and modules: what a plugin is, how a module is written, and the modules that come with
 * Inlay.
 *
 * Passes are written against `@inlay/inlay/passes`, instructions against `@inlay/inlay/ir`; docs/modules.md and docs/passes.md show how.
 *
 * @module
 */
export { type BodySource } from "./body.ts";
export { type Device } from "./device.ts";
export { dynptrFromModule, dynptrModule } from "./dynptr/mod.ts";
export {
  defineModule,
  type Implementation,
  type KfuncCase,
  type KfuncReference,
  type KfuncSpec,
  type Module,
  type ModuleSpec,
  type ObjectSpec,
  type ReferenceCall,
  type TrustWish,
} from "./module.ts";
export { readBeside } from "./object_file.ts";
export { definePlugin, type Plugin, PLUGIN_API } from "./plugin.ts";
export {
  Lease,
  type LeaseParts,
  ModuleError,
  ModuleRegistry,
  type RegisteredKfunc,
  type RegisterOptions,
  type Registration,
} from "./registry.ts";
export { parseSignature } from "./signature.ts";
export { type BodyCase, bodyDifference } from "./testing.ts";
export { mlx5Module, vethModule, xdpMetadataModule } from "./xdp_metadata/mod.ts";
