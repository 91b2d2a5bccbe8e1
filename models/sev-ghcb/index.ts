/**
 * sev-ghcb: the host handles exits of vCPU 0 whose arguments lie in pages that the guest shares
 * with it, while vCPU 1 of the same guest rewrites those pages.
 *
 *   vCPU 1 ──writes at any time──▶ GHCB (scratch address), buffer of a page state change (PSC)
 *   handler of vCPU 0: VMGEXIT ─▶ validate ─▶ use            GHCB
 *                      PSC header ─▶ entry ─▶ userspace ─▶ next entry ... ─▶ done
 *                      AP creation for vCPU 1: validate ─▶ change the target
 *
 * Kernel: v6.5 and later (`sev_es_validate_vmgexit`, `setup_vmgexit_scratch`), v6.11
 * (`snp_begin_psc`, `snp_complete_psc`), `sev_snp_ap_creation`.
 */
import { defineModel } from 'zapcheck'
import { declareHandler } from './handler.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'sev-ghcb',
  about: 'Exits whose arguments are in memory that another vCPU of the guest rewrites meanwhile.',
  sources: [
    'arch/x86/kvm/svm/sev.c, v6.5: sev_es_validate_vmgexit, setup_vmgexit_scratch; ' +
      'v6.11: snp_begin_psc, snp_complete_one_psc, snp_complete_psc; v7.0: sev_snp_ap_creation',
    'commits 4e15a0ddc3ff and 7588dbcebcbf (snapshot of the GHCB), d26638bfcdfc (AP creation)',
  ],
  omits: [
    'What the exits do to memory: snp-rmp has page state changes with RMP and faults',
    'Batches of equal entries: an entry is converted alone, which gives the guest more occasions ' +
      'to rewrite the buffer',
    'Other fields of the GHCB: each is validated and used in the same way',
  ],
  params: parameters,
  variants,
  build(m, p) {
    declareHandler(m, declareState(m), p)
    // vCPU 1 can always write, so nothing could break deadlock freedom.
    m.deadlock('allowed')
  },
})
