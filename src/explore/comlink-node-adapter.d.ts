/** Types of comlink's adapter for worker_threads, which ships without any for its ES module. */
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink'
  import type { MessagePort, Worker } from 'node:worker_threads'

  /** Makes a message port or a worker an endpoint for comlink. */
  export default function nodeEndpoint(port: MessagePort | Worker): Endpoint
}
