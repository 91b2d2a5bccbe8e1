/**
 * What walks and runs have in common: the model's functions, random numbers, statistics, and the
 * estimate of distinct states.
 *
 * Random numbers are splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014). Each walk and each run starts its own sequence at a hash of seed and
 * number, so what it does depends on nothing else: not on the worker, nor on what ran before.
 *
 * The estimate is HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007): register i keeps the
 * longest run of leading zeros, plus one, among the hashes whose top bits are i. Equal states
 * change nothing, and the registers of several workers are joined by their maxima.
 */
import {
  REGISTERS,
  SAMPLED_DEPTH,
  SAMPLED_NUMBER,
  SAMPLED_STEPS,
  SAMPLED_TASKS,
  SAMPLED_TRANSITIONS,
} from '../../src/store/sampling-slots'
import { check, expand } from './model'

const GOLDEN: u64 = 0x9e3779b97f4a7c15
const K1: u64 = 0xbf58476d1ce4e5b9
const K2: u64 = 0x94d049bb133111eb

/** log2 of REGISTERS. */
const REGISTER_BITS = 14

/** Bytes of a packed state. */
export let rowBytes: u32 = 8
/** The packed initial state. */
export let initialRow: usize = 0
/** The worker's own row: the state of a walk. */
export let ownRow: usize = 0
/** Where successors are written to. */
export let buffer: usize = 0
let bufferEnd: usize = 0
let context: usize = 0
let records: usize = 0
let recordsEnd: usize = 0
let recordBytes: usize = 0
let registers: usize = 0
let statistics: usize = 0

/** Number of the walk or run at hand. */
export let taskNumber: f64 = 0
let tasks: f64 = 0
let steps: f64 = 0
let transitions: f64 = 0
let depthMax: u32 = 0
let random: u64 = 0

/** Sets up the instance; see `src/explore/sampler.ts`. */
export function attachSampler(
  bytes: u32,
  initial: usize,
  row: usize,
  successors: usize,
  successorsEnd: usize,
  modelContext: usize,
  firstRecord: usize,
  bytesOfRecord: u32,
  recordCount: u32,
  registerArea: usize,
  statisticsArea: usize,
): void {
  rowBytes = bytes
  initialRow = initial
  ownRow = row
  buffer = successors
  bufferEnd = successorsEnd
  context = modelContext
  records = firstRecord
  recordBytes = bytesOfRecord
  recordsEnd = records + recordBytes * recordCount
  registers = registerArea
  statistics = statisticsArea
}

/** A hash of all bits of `x`: the finalizer of splitmix64. */
function finalize(x: u64): u64 {
  let z = (x ^ (x >> 30)) * K1
  z = (z ^ (z >> 27)) * K2
  return z ^ (z >> 31)
}

/** Begins walk or run `number` of `seed`: its sequence of random numbers starts. */
export function beginTask(seed: u64, number: f64): void {
  taskNumber = number
  tasks += 1
  random = finalize(finalize(seed + GOLDEN) ^ (<u64>number * GOLDEN))
}

/** The walk or run at hand has reached a state at `depth`. */
export function reach(depth: u32): void {
  if (depth > depthMax) depthMax = depth
}

/** The next random number, 64 bits. */
export function nextRandom(): u64 {
  random += GOLDEN
  return finalize(random)
}

/** A random number below `count`; even but for 1 part in 2^32 / count. */
export function randomBelow(count: u32): u32 {
  return <u32>(((nextRandom() >> 32) * <u64>count) >> 32)
}

/** 64 bits of hash of a packed state; different for different `salt`. */
export function hashState(row: usize, salt: u64): u64 {
  let h = salt
  for (let i: u32 = 0; i < rowBytes; i += 8) h = finalize((h ^ load<u64>(row + i)) + GOLDEN)
  return h
}

/** Counts a state in the estimate of distinct states. */
export function estimate(row: usize): void {
  const h = hashState(row, 0)
  const register = registers + <usize>(h >> (64 - REGISTER_BITS))
  const rank = <u8>clz((h << REGISTER_BITS) | ((<u64>REGISTERS) >> 1)) + 1
  if (load<u8>(register) < rank) store<u8>(register, rank)
}

/** Writes the successors of a state to the buffer; returns their number. */
export function expandRow(row: usize): u32 {
  expand(row, 1, buffer, bufferEnd, context)
  const count = <u32>((<usize>load<u32>(context) - buffer) / rowBytes)
  steps += 1
  transitions += <f64>count
  return count
}

/** Evaluates the state properties on rows. */
export function checkRows(rows: usize, count: u32): void {
  check(rows, count, context)
}

/** True if a candidate is recorded. */
export function hasCandidate(): bool {
  for (let record = records; record < recordsEnd; record += recordBytes)
    if (load<i32>(record) != 0) return true
  return false
}

/** True if two states are equal. */
export function isSameRow(a: usize, b: usize): bool {
  for (let i: u32 = 0; i < rowBytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false
  return true
}

/** Copies a state. */
export function copyRow(to: usize, from: usize): void {
  for (let i: u32 = 0; i < rowBytes; i += 8) store<u64>(to + i, load<u64>(from + i))
}

/** Publishes the statistics, and returns `status`. */
export function publish(status: u32): u32 {
  store<f64>(statistics, tasks, SAMPLED_TASKS)
  store<f64>(statistics, steps, SAMPLED_STEPS)
  store<f64>(statistics, transitions, SAMPLED_TRANSITIONS)
  store<f64>(statistics, <f64>depthMax, SAMPLED_DEPTH)
  store<f64>(statistics, taskNumber, SAMPLED_NUMBER)
  return status
}

/** Publishes one more number of the run at hand. */
export function publishNumber(offset: usize, value: f64): void {
  store<f64>(statistics + offset, value)
}
