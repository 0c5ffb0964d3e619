/**
 * Every bound in one place, each with its reason. Units last in the name. A bound named here is
 * checked where the bytes come in (`wire/`), so that the layers behind it never see more.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** grpc-js refuses larger messages by default (4 MiB); every frame stays under it. */
  frameBytesMax: 4 * MiB,
  /** The same of an overlay stream: its largest names 1024 offers, with room for later fields. */
  overlayFrameBytesMax: 256 * KiB,
  /** Inputs or results that travel in one frame before it is closed: half a frame, so that one
   *  more item of the largest size still fits. */
  frameFillBytes: 2 * MiB,
  /** Equal results that a job may ask for: more prove nothing more; a guess. */
  quorumMax: 100,
  /** A piece of an input file that becomes a chunk. A larger piece of work should be split. */
  pieceBytesMax: 1 * MiB,
  /** Canonical CBOR of one chunk's input: the largest piece and the head that CBOR gives it. */
  chunkInputBytesMax: 1 * MiB + 5,
  /**
   * Canonical CBOR of one result: 16 MiB of bytes and their head. A job's spec may ask for less,
   * never for more. It is in memory as a whole at both ends, so what is larger should be split; a
   * guess.
   */
  resultBytesMax: 16 * MiB + 5,
  /** What CBOR puts before so many bytes. */
  resultHeadBytes: 5,
  /** The same where a job asks for nothing else: a program may return as many bytes as it got. */
  resultBytesDefault: 1 * MiB + 5,
  /** A larger result is put before the frame that names it, which would be in others' way. */
  inlineValueBytesMax: 256 * KiB,
  /** A bundled job script; the largest npm packages bundle to less. */
  scriptBytesMax: 8 * MiB,
  /** A WebAssembly module; CPython with its standard library has 26 MB. */
  moduleBytesMax: 64 * MiB,
  /** A WASI program's setup: arguments, environment, names of data files; a guess. */
  setupBytesMax: 64 * KiB,
  /** Arguments, variables of the environment, and data files of a WASI program; a guess. */
  setupItemsMax: 1024,
  /** All data files of a job: every volunteer fetches and holds them. */
  dataBytesMax: 64 * MiB,
  /** The path of a data file, and of a part of a result. */
  pathCharsMax: 255,
  /** Files that `--files` makes chunks of: their names are in the spec. */
  pieceFilesMax: 10_000,
  /** Chunks whose results can be told apart in the final one, for `--out-dir`. */
  partsMax: 1_000_000,
  /** Canonical CBOR of a job's parameters: they travel in the spec, not as data. */
  paramsBytesMax: 64 * KiB,
  /** Bytes of a page of chunk inputs before the next page is begun. */
  pageFillBytes: 1 * MiB,
  /** Chunk inputs in a page; 4096 small inputs are some 40 KiB. */
  pageChunksMax: 4096,
  /** Pages split ahead of what is leased: 256 MiB of disk at most, and a million small chunks. */
  pagesAheadMax: 256,
  /** Inputs that are kept of each job that is done, for audits; of larger jobs none. A guess. */
  inputsKeptBytesMax: 64 * MiB,
  /**
   * Chunks of a job unless the submitter says otherwise; a split that goes on is likely endless.
   */
  jobChunksMaxDefault: 10_000_000,
  /** Chunk numbers are uint32 on the wire and indexes of a bitmap here. */
  jobChunksMax: 2 ** 31,
  /** A piece of a blob on the wire. */
  blobPieceBytes: 256 * KiB,
  /** Leases in one frame; 1024 reached the best rate measured with 32-byte payloads. */
  frameItemsMax: 1024,
  /**
   * Results under one signature: a statement of 6 KB, small enough to be gossiped as evidence. A
   * check of its signature (69 us) then costs some 1 us a result.
   */
  statementReplicasMax: 64,
  /** A signed statement; each replica has 95 bytes at most. */
  statementBytesMax: 8 * KiB,
  /**
   * Leases that a volunteer may hold of one job, whatever it asks: a sixteenth of the open chunks.
   */
  leasesHeldMax: 4096,
  /**
   * Results that a requester who is there has not acknowledged; with more of them nothing is
   * computed for it. As many as leases, and four of the largest results: one is on its way while
   * others are computed.
   */
  unsentEachMax: 4096,
  unsentEachBytesMax: 64 * MiB,
  /**
   * The same in bytes of all requesters, there or away: four that owe as much as one may. As it
   * fills, each may owe less: as much as is left, so that there always is room for one more.
   */
  unsentAllBytesMax: 256 * MiB,
  /** Whoever owes less is computed for, however little is left: small results. A guess. */
  unsentEachBytesMin: 1 * MiB,
  /** The same of all requesters that are away, in memory and on disk: some of them. A guess. */
  unsentMax: 16_384,
  unsentBytesMax: 128 * MiB,
  /** Leases that a volunteer says it holds of a job: those, and results not acknowledged. */
  holdMax: 2 * 4096,
  /**
   * Chunks with undecided replicas, of all jobs of a requester but those on evidence, which have
   * fewer anyway; past it only known chunks are leased again. With two replicas each 65,536 of them
   * cost some 60 MB (`bench/memory.ts`).
   */
  openChunksMax: 65_536,
  /** A job may have so many of them, whatever the others have: enough for it to go on. A guess. */
  openChunksEachMin: 1024,
  /** Live offers that a peer remembers; at 4 KiB each at most, 16 MiB. The oldest is dropped. */
  offersMax: 4096,
  /** A signed offer on the wire. */
  offerBytesMax: 4 * KiB,
  /** Offers named in one frame: their names have some 120 bytes each. */
  offerNamesPerFrameMax: 1024,
  /** A signed peer record on the wire; what its peer says beyond that is left out. */
  recordBytesMax: 1 * KiB,
  /** Peers kept on disk for the next start: as many as a passive view, and then some. */
  knownPeersMax: 256,
  /** A signed receipt on the wire; with the longest name it has some 600 bytes. */
  receiptBytesMax: 1 * KiB,
  /** Addresses of an accuser that are tried: they are its word, and may be somebody else's. */
  accuserAddressesMax: 2,
  /** A piece of evidence on the wire: four statements, a small input, addresses. */
  evidenceBytesMax: 48 * KiB,
  /** Statements of others in it: they prove nothing, and each costs a check of its signature. */
  evidenceWitnessesMax: 3,
  /** A chunk's input that travels in it; a larger one is a blob. */
  evidenceInputBytesMax: 4 * KiB,
  /** Receipts that a volunteer keeps, half a KiB each on disk. */
  receiptsMax: 10_000,
  /** Addresses of one peer: a machine has few interfaces. */
  peerAddressesMax: 8,
  /** "host:port": 253 characters of DNS name, a colon, 5 digits. */
  addressCharsMax: 260,
  /** Peer records in one frame; each costs a check of its signature, some 70 us. */
  recordsPerFrameMax: 16,
  /** Links that a random walk goes over at most; HyParView's walks have 6. */
  walkHopsMax: 8,
  /** Links that an offer says it has come over; ten thousand peers need 12, and more is a lie. */
  offerHopsMax: 255,
  /** Features named in a hello, or in a peer record. */
  featuresMax: 32,
  /** A job's name as shown to people. */
  nameCharsMax: 64,
  /** Explanations that travel: failure details, decline reasons. The rest is cut. */
  reasonCharsMax: 2048,
  /** Volunteers connected to one requester, and work streams of one volunteer. */
  volunteersMax: 1024,
  requestersMax: 16,
  /** Of a job's results: below, memory that fails decides; above, a quorum of 2 is as good. */
  errorRateMin: 1e-12,
  errorRateMax: 0.1,
  /** Of peers. With half of them or more nothing can be told from votes. */
  faultyShareMin: 1e-6,
  faultyShareMax: 0.49,
  /** Peers that a requester remembers having checked; some 200 bytes each. */
  standingsMax: 20_000,
  /** Different peers that one job is leased to; a few hundred bytes each. */
  contributorsMax: 10_000,
  /**
   * Live offers of one requester; a requester with more jobs at a time gossips the others later.
   */
  offersPerRequesterMax: 64,
  /** Frames waiting on a stream whose reader is slow; then the stream is closed as stuck. */
  streamQueueFramesMax: 1024,
  /** Bytes waiting on all streams; past it the stream with the most is closed. */
  streamQueuesBytesMax: 256 * MiB,
  /** Overlay streams that others opened: many more than neighbours, since a full peer first names
   *  some others and then closes. */
  overlayStreamsMax: 256,
  /** Connections accepted: every volunteer's and neighbour's. More are dropped unheard. */
  connectionsMax: 2048,
  /** TLS handshakes under way; each costs some 2 ms of CPU, so 64 wait a tenth of a second. */
  handshakesMax: 64,
  /** Streams on one connection: overlay, work, a blob or two, health. */
  streamsPerConnectionMax: 16,
  /** Large results that come in at a time, one of each volunteer: as many as there is room for. */
  putsMax: 64,
  /** A piece of one: a link of 35 kbit/s brings it within the 15 s that it may take. */
  putPieceBytes: 64 * KiB,
  /** What one volunteer may have put that no statement has named yet: some of the largest. */
  putBytesEachMax: 64 * MiB,
  /** The same of all. They are on disk, and those that nobody goes on with are dropped first. */
  putBytesMax: 1024 * MiB,
  /** Fetches of blobs that are answered at once. Those of the same blob share its memory. */
  blobFetchesMax: 32,
  /**
   * The same of one peer, which fetches two at a time: whoever takes them slowly may hold each for
   * half an hour, and must leave room for others.
   */
  blobFetchesEachMax: 4,
  /** Different blobs held in memory while they are served; past it the next has to wait. */
  blobsServedBytesMax: 256 * MiB,
  /** Programs and data of others' jobs kept on disk: some sixteen of the largest; a guess. */
  cacheBytesMax: 1024 * MiB,
  /** The same in files: small ones should cost neither memory nor time at the start. */
  cacheFilesMax: 4096,
  /** setTimeout's longest delay; a stranger's offer may allow a chunk twice as long. */
  timerMsMax: 2 ** 31 - 1,
  /** What a sandboxed program wrote to its console, kept for its failure report. */
  stderrBytesMax: 64 * KiB,
} as const;
