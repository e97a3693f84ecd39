/*
 * Where things lie in the linear memory. What is written here by hand has fixed places; what grows
 * (cells, and the buckets of the values counted since the last drain) has two regions of its own.
 */

/** What a scan leaves for its caller; read by scanner.ts. */
export const STATE: usize = 64
/** Tables that the caller fills in once: the bucket law of buckets.ts, the classes of segment.ts. */
export const BOUNDS: usize = 512
export const FIRST_BOUND: usize = 1024
export const SEGMENT_CLASSES: usize = 1280
/** Bucket by whole millisecond, filled in as it is used. */
export const MILLIS_BUCKETS: usize = 4096
/** Clock seconds and the requests in them: pairs of f64. */
export const SECONDS: usize = MILLIS_BUCKETS + 65_536 * 2
export const MAX_SECONDS: i32 = 4096
/** What unique series saw: pairs of f64, series and hash. */
export const SEEN: usize = SECONDS + 4096 * 16
export const MAX_SEEN: i32 = 4096
/** The values and labels of one line; see pairs.ts. */
export const MATCHES: usize = SEEN + 4096 * 16
/** What a drain writes: f64s. */
export const OUT: usize = MATCHES + 8192
export const OUT_END: usize = OUT + 512 * 1024
/** Routes that users pin; see pins.ts. */
export const PINS: usize = OUT_END
export const PINS_SIZE: usize = 65_536
/** A bit for each position whose words fold; see folds.ts. */
export const FOLDS: usize = PINS + PINS_SIZE
export const FOLD_BITS: u32 = 1024
/** Requests of one step by the bucket of their service time, u32s: the first is that of 0 ms. */
export const STEP_BUCKETS: usize = FOLDS + <usize>FOLD_BITS / 8
export const STEP_BUCKETS_SIZE: usize = 2048 * 4
/** Cells that hold something: u32s. There are enough for a thousand apps; memory that isn't used is free. */
export const TOUCHED: usize = STEP_BUCKETS + STEP_BUCKETS_SIZE
export const MAX_CELLS: i32 = 196_608
/** What was learnt; see memo.ts. */
export const MEMO: usize = TOUCHED + <usize>MAX_CELLS * 4
export const MEMO_SLOTS: u32 = 524_288
export const MEMO_ENTRY: usize = 32
/** Half as much again, for doubling. */
export const CELLS: usize = MEMO + (<usize>MEMO_SLOTS / 2) * 3 * MEMO_ENTRY
export const CELL: usize = 80
export const CELLS_END: usize = CELLS + <usize>MAX_CELLS * CELL
export const INPUT: usize = CELLS_END
/** Longer bodies are no matter for this scanner. */
export const INPUT_SIZE: usize = 1024 * 1024
/** Buckets go from here to the end of the memory. Loads of eight bytes may reach past the input. */
export const BUCKETS: usize = INPUT + INPUT_SIZE + 64
