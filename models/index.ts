/**
 * The built-in models by name; each is loaded when it is asked for. A new model gets one line here,
 * and is then in `zapcheck list`, in the suite and in the tests that loop over all models.
 */
import type { Bug, Claim, ModelDefinition } from 'zapcheck'

/** Loads a model's file. */
type Load = () => Promise<{ readonly default: ModelDefinition }>

const loaders: Readonly<Record<string, Load>> = {
  'sept-zap': () => import('./sept-zap.js'),
  'memslot-delete': () => import('./memslot-delete/index.js'),
  'mmio-generation': () => import('./mmio-generation/index.js'),
  'memslot-ioctl': () => import('./memslot-ioctl/index.js'),
  'guest-memfd': () => import('./guest-memfd/index.js'),
  'guest-memfd-launch': () => import('./guest-memfd-launch/index.js'),
  'memory-attributes': () => import('./memory-attributes/index.js'),
  'snp-launch': () => import('./snp-launch/index.js'),
  'sev-ghcb': () => import('./sev-ghcb/index.js'),
  'tdp-walk': () => import('./tdp-walk/index.js'),
  'nx-recovery': () => import('./nx-recovery/index.js'),
  'shadow-rmap': () => import('./shadow-rmap/index.js'),
  'snp-rmp': () => import('./snp-rmp/index.js'),
  'attribute-grants': () => import('./attribute-grants.js'),
  'sev-migration': () => import('./sev-migration/index.js'),
  'guest-memfd-conversion': () => import('./guest-memfd-conversion/index.js'),
  'guest-memfd-in-place': () => import('./guest-memfd-in-place/index.js'),
  'tdx-sept': () => import('./tdx-sept/index.js'),
  'snp-integrity': () => import('./snp-integrity/index.js'),
  'snp-psc': () => import('./snp-psc.js'),
  'sev-intra-host': () => import('./sev-intra-host/index.js'),
  'tdx-lifecycle': () => import('./tdx-lifecycle/index.js'),
}

/** Names of the built-in models, in the order of the suite. */
export const modelNames: readonly string[] = Object.keys(loaders)

/** Loads the ledger of claims. */
export async function loadClaims(): Promise<readonly Claim[]> {
  return (await import('./claims/ledger.js')).claims
}

/** Loads the ledger of bugs. */
export async function loadBugs(): Promise<readonly Bug[]> {
  return (await import('./bugs/ledger.js')).bugs
}

/** Loads a built-in model; undefined if there is none of that name. */
export async function loadModel(name: string): Promise<ModelDefinition | undefined> {
  if (!Object.hasOwn(loaders, name)) return undefined
  return (await loaders[name]?.())?.default
}
