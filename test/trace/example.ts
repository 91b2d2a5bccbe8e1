/** A small trace for tests: two actors, every kind of value. */
import type { Trace } from '../../src/trace/trace.js'

/** A counterexample of two steps. */
export const example: Trace = {
  format: 'zapcheck-trace',
  formatVersion: 1,
  zapcheck: '1.2.3',
  model: 'example',
  file: null,
  parameters: { vcpus: 2, track: false },
  verdict: 'violated',
  property: { name: 'no stale translation', kind: 'invariant', meaning: 'the host may read it' },
  error: null,
  initial: { 'vcpu[0].pc': 'run', 'sept[0]': 'free', lock: 0, dirty: [], root: null, ready: true },
  steps: [
    {
      action: 'fault',
      parameters: { v: '0', g: '1' },
      actor: 'vCPU 0',
      state: {
        'vcpu[0].pc': 'snap',
        'sept[0]': 'free',
        lock: 1,
        dirty: [0, 2],
        root: 1,
        ready: true,
      },
    },
    {
      action: 'wait',
      parameters: {},
      actor: 'zapper',
      state: {
        'vcpu[0].pc': 'snap',
        'sept[0]': 'free',
        lock: 1,
        dirty: [0, 2],
        root: 1,
        ready: true,
      },
    },
  ],
}
