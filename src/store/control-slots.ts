/**
 * Where the named slots of the store lie in the shared memory: byte addresses, fixed for every run.
 *
 * The kernel (AssemblyScript, `workers/kernel`) and TypeScript both import this file, so it holds
 * plain number constants only. Slots that several workers write while they run stand on 64-byte
 * lines of their own; slots that are written once per growth or per block may share one.
 *
 *   0      never used, so that address 0 can mean "none"
 *   64     MUTEX            guards everything in the next line and the free regions
 *   128    MEMORY_NEXT ...  allocator, descriptor count
 *   192    TABLE            the visited set's table, as a table record
 *   256    TABLE_NEXT       the table being built by a growth, as a table record
 *   320    TABLE_USED       rows in the table, added up by all workers
 *   384    REHASH_CURSOR    next piece of a growth to be handed out; how the growth goes on
 *   448    REGIONS          free regions {start, end}, REGIONS_MAX of them
 *   960    SHARDED          where the visited set is once one memory was not enough
 *   1024   the search's own slots (src/explore/protocol.ts)
 *   2048   FOLD             the tree that folds states, a record for each intern table
 *   4096   DIRECTORY        addresses of the chunks of level-log descriptors
 *   69632  BLOCK_DIRECTORY  addresses of the chunks of level-log block entries
 *   71680  per-worker areas (src/store/memory-plan.ts)
 */

/** 0 free, 1 taken, 2 taken and somebody waits. */
export const MUTEX = 64

/** u32: first byte after the tables, which are allocated upwards. Under the mutex. */
export const MEMORY_NEXT = 128
/** u32: most bytes that may be allocated. Written by main before the workers start. */
export const MEMORY_LIMIT = 132
/** u32: free regions in use. Under the mutex. */
export const REGION_COUNT = 136
/** u32: descriptors in the level log. Written under the mutex, read anywhere atomically. */
export const DESCRIPTOR_COUNT = 140

/** u32: blocks that the level log has begun, in memory or on disk. Under the mutex. */
export const LOG_BLOCKS = 144
/** u32: pieces of memory that hold blocks of the level log. Under the mutex. */
export const LOG_BLOCKS_HELD = 148
/**
 * u32: from so many pieces on the log goes to disk. Written by main before the workers start and
 * by one worker at the end of a growth.
 */
export const LOG_BLOCKS_HELD_MAX = 152
/** u32: a SPILLS_ word. Written by main before the workers start, then by any worker. */
export const LOG_SPILLS = 156
/**
 * Blocks that a worker is granted although the limit is reached, so that its log can go on when the
 * rest of it is on disk.
 */
export const LOG_BLOCKS_NEEDED = 3
/** u32: blocks that were written to disk. Atomic adds by every worker. */
export const LOG_BLOCKS_SPILLED = 160
/**
 * u32: with a block within the budget no more than so many bytes may be allocated. Written as
 * LOG_BLOCKS_HELD_MAX.
 */
export const LOG_LIMIT = 164
/** u32: bytes of a block that are used, 0 for all. Written by main before the workers start. */
export const LOG_BLOCK_BYTES = 168
/** u32: first byte of what was allocated downwards: everything but tables. Under the mutex. */
export const MEMORY_TOP = 172
/** u32: where MEMORY_TOP began. Written by main before the workers start. */
export const MEMORY_END = 176

/** Record of the table in use; written only while every worker stands in the growth barrier. */
export const TABLE = 192
/** Record of the table that a growth fills. */
export const TABLE_NEXT = 256

/** u32: byte address of line 0. Offset in a table record. */
export const TABLE_ADDRESS = 0
/** u32: number of 64-byte lines. Offset in a table record. */
export const TABLE_LINES = 4
/** u32: low bits of a mixed value that go to the remainder as they are. */
export const TABLE_SHIFT = 8
/** u32: 16..31, divides the rest of the mixed value; the quotient is the home line. */
export const TABLE_DIVISOR = 12
/** u32: bits of a slot that hold displacement + 1. */
export const TABLE_DISPLACEMENT_BITS = 16
/** u32: 4 or 8. */
export const TABLE_SLOT_BYTES = 20
/** u32: rows at which the table must grow. */
export const TABLE_ROWS_MAX = 24
/** u32: a remainder shifted right by this gives the bits that choose its step. */
export const TABLE_STEP_SHIFT = 28
/** u64: ceil(2 ** RECIPROCAL_SHIFT / divisor). */
export const TABLE_RECIPROCAL = 32
/** u32: lines after the others that hold 64-bit overflow slots; 0 with 64-bit slots. */
export const TABLE_OVERFLOW_LINES = 40
/** u32: bits of a key: what is mixed and put into the table. */
export const TABLE_KEY_BITS = 44
/** u32: bits of a key for the left half of a row of the level log; 32 unless states are folded. */
export const TABLE_KEY_LEFT_BITS = 48
/** Size of a table record, bytes. */
export const TABLE_RECORD_BYTES = 64

/** quotient = (value * reciprocal) >> RECIPROCAL_SHIFT, exact below 2 ** 31. */
export const RECIPROCAL_SHIFT = 36
/** Bits of a remainder that choose its step: 1, 3, 5 ... 127 lines. */
export const STEP_BITS = 6
/** Bytes of one line of the table: one cache line. */
export const LINE_BYTES = 64

/** u32: rows in the table. Atomic adds by every worker. */
export const TABLE_USED = 320
/** u32: not 0 once some worker found the table too full. */
export const TABLE_FULL = 324

/** u32: next piece of a growth to be handed out. Atomic adds during a growth. */
export const REHASH_CURSOR = 384
/** u32: not 0 if the new table had no room for some row. */
export const REHASH_FAILED = 388
/** Runs into which the lines of the old table are cut when they are copied. */
export const REHASH_RUNS = 32
/** Lines of the old table that one call moves. */
export const REHASH_LINES = 512

/**
 * u32: a GROWTH_ phase. Written by one worker, with all others in the growth barrier; so are the
 * next ones.
 */
export const GROWTH_PHASE = 392
/** No growth is going on. */
export const GROWTH_NONE = 0
/** Rows are copied to a table elsewhere (workers/kernel/rehash.ts). */
export const GROWTH_COPY = 1
/** The table is stretched where it lies (workers/kernel/stretch.ts), round by round. */
export const GROWTH_STRETCH = 2
/** The rows that stretching has set aside get their slots. */
export const GROWTH_PLACE = 3
/** Before the first round: the rows of the overflow are set aside. */
export const GROWTH_ASIDE = 4
/** u32: first old line of the round, a multiple of the next table's divisor. */
export const STRETCH_FIRST = 396
/** u32: first old line after those of the round. */
export const STRETCH_LAST = 400
/** u32: old lines that one worker takes at a time, a multiple of the next table's divisor. */
export const STRETCH_LINES = 404
/** u32: the lines of the next table from this one on are complete. */
export const STRETCH_COMPLETE = 408

/** {start u32, end u32} each: memory given back, to be cut into blocks. */
export const REGIONS = 448
/** Free regions that are remembered; more are forgotten. */
export const REGIONS_MAX = 64

/** u32: 1 once the visited set is spread over the memories of shards (src/store/shards.ts). */
export const SHARDED = 960
/** u32: 0, or 1 + the shard whose keys are being moved; SHARDS + 1: those of the first table. */
export const SHARD_MOVING = 964
/** u32: 1 if the table that keys are moved to had no room for some key. */
export const SHARD_MOVE_FAILED = 968
/** u32: how often the move at hand has failed. */
export const SHARD_ATTEMPTS = 972
/** u8 each: which memory holds shard i; the last entry is the spare memory. */
export const SHARD_MEMORY = 976
/** u8 each: 1 if shard i must grow though it is not full, since some key found no slot. */
export const SHARD_WANTED = 992

/** u32: 1 once some shard is lossy: bits instead of slots (workers/kernel/bits.ts). */
export const SHARD_LOSSY = 1000

/** High bits of a mixed value that choose its shard. */
export const SHARD_BITS = 3
/** Shards of a visited set that has outgrown one memory. */
export const SHARDS = 8
/** Keys of one shard that a worker collects before it inserts them. */
export const PARTITION_KEYS = 4096
/** A worker's partition: a counter per shard, a buffer of keys per shard, one for moved keys. */
export const PARTITION_BYTES = 64 + (SHARDS + 1) * PARTITION_KEYS * 8

/** First byte of the search's own slots. */
export const SEARCH_SLOTS = 1024

/** u32: the tree's node whose index is the left half of a row of the level log. */
export const FOLD_LEFT = 2048
/** u32: the node whose index is the right half. */
export const FOLD_RIGHT = 2052
/** Record of the tree's first node; children come before their parents. */
export const FOLD_RECORDS = 2112
/** Size of a node's record: the first 64 bytes change in a growth only, the others any time. */
export const NODE_RECORD_BYTES = 128
/** Most nodes: eight words, four pairs and two pairs of pairs. */
export const FOLD_NODES_MAX = 14
/** u32: of a pair its left child, a node; of a part of the state the offset of its word, bytes. */
export const NODE_LEFT = 0
/** u32: of a pair its right child; of a part of the state NODE_IS_PART. */
export const NODE_RIGHT = 4
/** NODE_RIGHT of a part of the state. */
export const NODE_IS_PART = 255
/** u32: bits of the word below a part. */
export const NODE_SHIFT = 8
/** u64: ones, as many as a part has bits. */
export const NODE_MASK = 16
/** u32: byte address of the intern table's slots. */
export const INTERN_ADDRESS = 24
/** u32: number of slots. */
export const INTERN_SLOTS = 28
/** u32: low bits of a slot that hold index + 1; the others are bits of the value's hash. */
export const INTERN_INDEX_BITS = 32
/** u32: indices that may be given out before the table must grow. */
export const INTERN_VALUES_MAX = 36
/** u32: byte address of the addresses of the blocks of values. */
export const INTERN_DIRECTORY = 40
/** u32: indices given out. Atomic. */
export const INTERN_COUNT = 64
/** u32: not 0 once some worker found no index left. */
export const INTERN_FULL = 68
/** Values in one block. */
export const VALUES_PER_BLOCK = 8192
/** Base-2 logarithm of VALUES_PER_BLOCK. */
export const VALUES_PER_BLOCK_LOG2 = 13
/** Slots that one call of `moveInternSlots` looks at. */
export const INTERN_MOVE_SLOTS = 4096

/** u32 addresses of descriptor chunks. */
export const DIRECTORY = 4096
/** Entries of the directory. */
export const DIRECTORY_ENTRIES = 16384
/** u32 addresses of chunks of block entries (workers/kernel/log-blocks.ts). */
export const BLOCK_DIRECTORY = 69632
/** Entries of that directory: 128 GiB of level log. */
export const BLOCK_DIRECTORY_ENTRIES = 512
/** First byte after the fixed part of the memory. */
export const FIXED_BYTES = 71680

/** What an operating system commits at a time, or less than that. */
export const PAGE_BYTES = 4096

/** A block: the piece of memory in which one worker appends rows, or one chunk of entries. */
export const BLOCK_BYTES = 65536
/** Entries, descriptors or those of blocks, in one chunk: a block of them. */
export const ENTRIES_PER_CHUNK = 4096
/** Base-2 logarithm of ENTRIES_PER_CHUNK. */
export const ENTRIES_PER_CHUNK_LOG2 = 12
/** Size of an entry, four u32: a descriptor (log.ts), or that of a block (log-blocks.ts). */
export const ENTRY_BYTES = 16
/** Most rows of one descriptor, which is the unit in which work is handed out. */
export const DESCRIPTOR_ROWS_MAX = 512

/** Offsets in a worker's result line, which only that worker writes. */
export const RESULT_STATUS = 0
/** u32: address of the first row that the last `insert` found to be new. */
export const RESULT_FRESH_ADDRESS = 4
/** u32: number of rows that the last `insert` found to be new. */
export const RESULT_FRESH_COUNT = 8
/**
 * u32: address of the rows of the descriptor that `readDescriptor` was asked for, 0 if on disk.
 */
export const RESULT_RUN_ADDRESS = 12
/** u32: row count of that descriptor. */
export const RESULT_RUN_COUNT = 16
/** u32: number of the block in which its rows are. */
export const RESULT_RUN_BLOCK = 20
/** u32: where in the block its rows begin, bytes. */
export const RESULT_RUN_OFFSET = 24
/** u32: address of the block that STATUS_SPILL asks to write. */
export const RESULT_SPILL_ADDRESS = 28
/** u32: its number. */
export const RESULT_SPILL_BLOCK = 32

/** f64: states that the last `insertKeys` into a lossy shard is expected to have omitted. */
export const RESULT_OMITTED = 24

/** Offset in a worker's statistics line, of float64s that only that worker writes: states found. */
export const STATISTIC_STATES = 0
/** Transitions of the states that were expanded. */
export const STATISTIC_TRANSITIONS = 8
/** States that were expanded. */
export const STATISTIC_EXPANDED = 16
/** New states that lossy shards are expected to have taken for known. */
export const STATISTIC_OMITTED = 24

/** `insert` went through, or stopped at the end of a block: call again with the rest. */
export const STATUS_OK = 0
/** `insert` stopped: the table, or an intern table, must grow. */
export const STATUS_GROW = 1
/** `insert` stopped: no memory for another block. */
export const STATUS_MEMORY = 2
/** `partition` stopped: a shard's buffer has no room for another batch. */
export const STATUS_FULL = 3
/** `insert` stopped: a block must be written to disk first, see Kernel.completeSpill. */
export const STATUS_SPILL = 4
/** `explore` stopped: the run that it took must be read from disk first. */
export const STATUS_ON_DISK = 5
/** `explore` stopped: no run of the level is left to be taken. */
export const STATUS_END = 6

/** Rows whose lines are touched before the first of them is searched for. */
export const BATCH_ROWS = 256
/** Blocks of the level log stay in memory. */
export const SPILLS_NOT = 0
/** They go to disk past the budget. */
export const SPILLS = 1
/** A write to disk has failed: from then on they stay in memory. */
export const SPILLS_FAILED = 2

/** Bytes of a worker's filter of recent rows: fits the second-level cache. */
export const FILTER_BYTES = 131072

/** Bytes of a row of the level log: a state of one word, or the two indices of a folded one. */
export const LOG_ROW_BYTES = 8

/**
 * Scratch of a worker's kernel: one entry per row of a batch that passed the filter.
 *   +0 row for the level log u64  +8 slot value u64  +16 line address u32  +20 row index u32
 */
export const SCRATCH_ENTRY_BYTES = 24
/** Scratch bytes: a batch, and a place for what touching yields. */
export const SCRATCH_BYTES = 8192

/** Entries of a worker's memory of values that it interned a moment ago, per node. */
export const RECENT_VALUES = 2048
/** Base-2 logarithm of RECENT_VALUES. */
export const RECENT_VALUES_LOG2 = 11
/** Bytes of one of them: value u64, index + 1 u32, unused u32. */
export const RECENT_VALUE_BYTES = 16
/**
 * What a worker has for each node: its spare index + 1 (u32, 0 none; a line of its own), then the
 * recent values.
 */
export const FOLD_OWN_BYTES = 64 + RECENT_VALUES * RECENT_VALUE_BYTES
/** An index for each row of a run, per node. */
export const FOLD_COLUMN_BYTES = DESCRIPTOR_ROWS_MAX * 4
/**
 * A value that must be looked for in its intern table.
 *   +0 value u64  +8 place in its column u32  +12 slot address u32  +16 low half of the hash u32
 */
export const PENDING_VALUE_BYTES = 24
/** Bytes for the pending values of a batch, and a place for what touching yields. */
export const PENDING_BYTES = 8192
