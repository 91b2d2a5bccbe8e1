/**
 * The host: a malicious one, which does whatever the RMP allows, and one that serves the guest.
 */
import { and, each, not } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { data, hasPage } from './state.js'
import type { State } from './state.js'

/** Declares the host that the parameters ask for. */
export function declareHost(m: ModelBuilder, s: State): void {
  if (s.p.host === 'malicious') declareMaliciousHost(m, s)
  else declareBenignHost(m, s)
}

/** M: nothing but hardware stands in the way. */
function declareMaliciousHost(m: ModelBuilder, s: State): void {
  const on = (name: string, args: Record<string, number>) => m.action(name, args).by('host')
  for (const x of each(s.p.pages)) {
    const shared = s.rmp.rmpupdate(x, 'HYPERVISOR')
    if (s.p.hardware !== 'no-rmp')
      on('RMPUPDATE_shared', { page: x })
        .when(s.rmp.isAssigned(x), shared.isSuccess)
        .do(shared.update)
    const canWrite = s.p.hardware === 'no-rmp' ? and() : s.rmp.allowsHostWrite(x)
    on('host_writes', { page: x }).when(canWrite).do(s.content[x].write(null, 'host'))
    if (s.p.encryption)
      data.forEach((value, i) =>
        on('host_writes_old_ciphertext_back', { page: x, copy: i + 1 })
          .when(canWrite, s.saved[x].has(i))
          .do(s.content[x].write('guest', value)),
      )
    for (const g of each(s.p.gfns)) {
      const { isSuccess, update } = s.rmp.rmpupdate(x, { gfn: g })
      if (s.p.hardware !== 'no-rmp')
        on('RMPUPDATE_private', { page: x, g }).when(isSuccess).do(update)
      on('host_maps', { g, page: x }).when(s.npt[g].isNot(x)).do(s.npt[g].set(x))
    }
  }
}

/** What KVM and its VMM do: a page for each private gfn, cleared before it is given. */
function declareBenignHost(m: ModelBuilder, s: State): void {
  const on = (name: string, args: Record<string, number>) => m.action(name, args).by('host')
  // The guest has no hold on a host that serves it no longer.
  const serves = s.p.host === 'denies' ? s.conversions.is(s.p.conversions) : and()
  for (const g of each(s.p.gfns))
    for (const x of each(s.p.pages)) {
      const isWanted = and(s.guest[g].view.isNot('shared'), s.npt[g].isNone())
      const isItsPage = and(s.rmp.isAssigned(x), s.rmp.gfnOf(x).is(g))
      const fresh = s.rmp.rmpupdate(x, { gfn: g })
      on('host_assigns_and_maps', { g, page: x })
        .source('sev_gmem_prepare')
        .when(isWanted, serves, not(hasPage(s, g)), not(s.rmp.isAssigned(x)), fresh.isSuccess)
        .do(fresh.update, s.content[x].write(null, 'host'), s.npt[g].set(x))
      if (s.p.host === 'keeps')
        on('host_maps_kept_page', { g, page: x }).when(isWanted, isItsPage).do(s.npt[g].set(x))
      const isShared = s.guest[g].view.is('shared')
      const freed = s.rmp.rmpupdate(x, 'HYPERVISOR')
      if (s.p.host !== 'keeps')
        on('host_frees', { g, page: x })
          .source('sev_gmem_invalidate')
          .when(isShared, isItsPage, freed.isSuccess)
          .do(freed.update, s.npt[g].clear(), s.content[x].write(null, 'host'))
      else on('host_unmaps', { g, page: x }).when(isShared, s.npt[g].is(x)).do(s.npt[g].clear())
    }
}
