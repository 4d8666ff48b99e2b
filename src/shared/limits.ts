/**
 * Every limit of a call: number, unit, and the reason.
 *
 * @module
 */

const KIB = 1024;
const HOUR_MS = 3_600_000;

/** Characters of a workflow id: what the MySQL and PostgreSQL schemas of Temporal store (`VARCHAR(255)`). */
export const MAX_WORKFLOW_ID_CHARS = 255;
/** Characters of a workflow type or task queue name: the server's default `limit.maxIDLength` is 1,000 bytes; 255 keeps below it in UTF-8 of up to 3 bytes. */
export const MAX_NAME_CHARS = 255;
/** Characters of a user's call key: it is hashed, so this only bounds what a history has to carry. */
export const MAX_CALL_KEY_CHARS = 1000;
/** Arguments of one call: far above any signature; bounds the work per call. */
export const MAX_ARGUMENTS = 128;
/** Lists and objects inside one another in one argument of the plain form: what any JSON writer can recurse into. */
export const MAX_ARGUMENT_DEPTH = 500;
/** Bytes of all arguments of one call: the server's 2 MiB blob limit less 64 KiB for what the bridge and the server add. */
export const MAX_ARGUMENTS_BYTES = 2048 * KIB - 64 * KIB;
/** Header fields that a caller's interceptors may add to a call or an operation: context that goes along, not data. */
export const MAX_USER_HEADER_FIELDS = 100;
/** Bytes of their names and values: what {@link MAX_ARGUMENTS_BYTES} leaves of 2 MiB; no codec and no server bounds them. */
export const MAX_USER_HEADERS_BYTES = 64 * KIB;
/** Bytes of an outcome that a signal can carry: the same 2 MiB less 64 KiB; a larger one is left to the fallback poll. */
export const MAX_COMPLETION_BYTES = 2048 * KIB - 64 * KIB;
/** Bytes of one envelope: headers are not payload-limited by codecs, but a history has to carry them. */
export const MAX_ENVELOPE_BYTES = 1024 * KIB;
/**
 * Bytes of a target's failure, causes included: a server cuts an activity's failure at 512 KiB, which would make the
 * fallback bring less than the signal. Above it, texts are cut, then details are left out; the message says so.
 */
export const MAX_FAILURE_BYTES = 384 * KIB;
/** Bytes of what `CrossClusterWorkflow` returns, base64 included: the server's 2 MiB blob limit less 64 KiB. */
export const MAX_ANSWER_BYTES = 2048 * KIB - 64 * KIB;
/** Bytes of a value that an activity can return: the server's 2 MiB blob limit less what the bridge adds to it. */
export const MAX_ANCHOR_RESULT_BYTES = 2048 * KIB - 2 * KIB;
/** Characters of the target's message that the bridge's own message repeats. */
export const MAX_QUOTED_CHARS = 1000;
/** Links of a failure's cause chain that the wire carries; the rest is cut and the last link says so. */
export const MAX_FAILURE_DEPTH = 50;
/**
 * Links of a cause chain that the SDK reads: it gives up at 100 nested messages, of which history and details take 7. Of a
 * longer one, no worker of the SDK can take the workflow task: the outcome comes by the fallback, which cuts it first.
 */
export const MAX_READABLE_LINKS = 91;
/** Outcomes that a caller keeps although nobody awaits them yet; the oldest goes first. */
export const MAX_KEPT_COMPLETIONS = 1000;

/** Open calls of one workflow: a server allows 2,000 pending activities, of which 100 are left to the user. */
export const MAX_OPEN_CALLS = 1900;
/** Activities beside the calls' own at one time: half of the 100 that are left of a server's 2,000. */
export const MAX_SIDE_ACTIVITIES = 50;
/** Open calls of one workflow at which a warning is logged. */
export const OPEN_CALLS_WARNING = 1500;
/** Completion signals of one run at which a warning is logged: a server takes 10,000 signals a run. */
export const COMPLETIONS_WARNING = 8000;
/** Events of one run at which a warning is logged: a server ends a run at 51,200. */
export const HISTORY_EVENTS_WARNING = 40_000;

/** Milliseconds of a call without a time-out in the published request form: 1 hour. */
export const DEFAULT_CALL_TIMEOUT_MS = HOUR_MS;
/** Shortest time-out of a call: below 1 ms a server sees 0, which means none. */
export const MIN_CALL_TIMEOUT_MS = 1;
/** Longest time-out of a call: 365 days; more is taken for a unit mistake (seconds given as nanoseconds and the like). */
export const MAX_CALL_TIMEOUT_MS = 365 * 24 * HOUR_MS;

/** First look at a call that got no completion signal: 1 minute. */
export const DEFAULT_FALLBACK_FIRST_MS = 60_000;
/** Shortest first wait for a look: 100 ms. */
export const MIN_FALLBACK_MS = 100;
/** Longest task time-out that a server takes: 2 minutes. */
export const MAX_WORKFLOW_TASK_TIMEOUT_MS = 120_000;
/** Characters of a cluster's name: a DNS label's. */
export const MAX_CLUSTER_NAME_CHARS = 63;
/** Characters of a memo key: bounds what a history has to carry. */
export const MAX_MEMO_KEY_CHARS = 1000;
/** Characters of a run id: a UUID has 36. */
export const MAX_RUN_ID_CHARS = 100;
/** Longest wait between two looks: 1 hour. */
export const MAX_FALLBACK_MS = HOUR_MS;
/** Time-out of one attempt of the anchor activity; a killed bridge costs a call at most this before its next attempt. */
export const ANCHOR_ATTEMPT_MS = 30_000;
/** What the anchor activity may live beyond the call's time-out and one fallback interval. */
export const ANCHOR_GRACE_MS = 60_000;
/** What a closing caller waits for its open calls to be told so, in milliseconds; the lease tells the others. */
export const GOODBYE_MS = 10_000;
/** Longest wait between two tries of a signal, query, update or cancellation, in milliseconds: they are wanted soon after an outage. */
export const MAX_OPERATION_RETRY_MS = 60_000;
/** Shortest retention that a Temporal server accepts for a local namespace; assumed where it cannot be read. */
export const MIN_RETENTION_MS = HOUR_MS;
/** A trace context longer than this, in bytes, is not carried along: W3C asks for 512 characters of `tracestate`, some send more. */
export const MAX_TRACE_CONTEXT_BYTES = 4096;

/** Bytes of a file with a key, a certificate chain, an API key or profiles: far above any of them. */
export const MAX_KEY_FILE_BYTES = 64 * KIB;
/** Bytes of a file with CA certificates: a system's whole bundle has some 220 KiB. */
export const MAX_CA_FILE_BYTES = 1024 * KIB;
/** Characters of an API key: it travels in a header, of which servers take 8 KiB to 16 KiB. */
export const MAX_API_KEY_CHARS = 8192;
/** What is left of a client certificate's time when warnings begin, in milliseconds: 14 days, time for an order by hand. */
export const CERTIFICATE_EXPIRY_WARNING_MS = 14 * 24 * HOUR_MS;
/** Milliseconds between two such warnings of one process: 1 day. */
export const CERTIFICATE_WARNING_EVERY_MS = 24 * HOUR_MS;
/** What a replaced connection is kept for, in milliseconds: requests that began on it have deadlines of 30 s at most. */
export const RETIRED_CONNECTION_MS = 60_000;
/** Milliseconds that one handshake may take which looks for what is wrong with a connection. */
export const DIAGNOSIS_TIMEOUT_MS = 3_000;
/** Rules of an allow-list, of each kind: each is tried for each call; more is a mistake in a template. */
export const MAX_ALLOW_RULES = 1000;
/** Bytes of an allow-list's file: 1,000 rules of each kind with names of usual length. A ConfigMap takes 1 MiB. */
export const MAX_ALLOW_FILE_BYTES = 512 * KIB;
/** How often the files of keys and of the allow-list are looked at, in milliseconds: soon after a change, at no cost. */
export const RELOAD_INTERVAL_MS = 5_000;

/** Highest cap on calls in flight of a pair of caller namespace and type that can be set: half of what is counted. */
export const MAX_CALLS_IN_FLIGHT_CAP = 10_000;
/** Open wrappers of a namespace that are counted where calls in flight are capped: 20 pages, some 20 MiB at each count. */
export const MAX_COUNTED_CALLS = 20_000;
/** Wrappers in one page of such a count: a server's largest page. */
export const COUNT_PAGE_SIZE = 1000;
/** Least time between two counts, in milliseconds: what others start meanwhile may go over the cap. */
export const COUNT_INTERVAL_MS = 2_000;
/** Deadline of one page of a count, in milliseconds: within the handler side's local try of 4 s. */
export const COUNT_TIMEOUT_MS = 3_000;
/** Time for all pages of a count, in milliseconds: two counts, each with its decoding, fit into an attempt's 30 s. */
export const COUNT_LIST_MS = 8_000;
/** Time for decoding the memos of a count, in milliseconds: codecs may be a server of their own. */
export const COUNT_DECODE_MS = 2_000;
/** Age of a count at which it holds no longer, in milliseconds, if there is no newer one: 1 minute, a short outage of visibility. */
export const MAX_COUNT_AGE_MS = 60_000;
/** How long a wrapper counts as open that visibility does not show, in milliseconds: visibility may lag by seconds. */
export const CLAIM_UNSEEN_MS = 30_000;
/** Highest rate of starts of a pair that can be set, a second: above what one process does. */
export const MAX_CALLS_PER_SECOND_CAP = 10_000;
/** Pairs whose rate is kept: names of types are the callers' to choose, and each costs some 1 KB at worst. */
export const MAX_RATE_PAIRS = 10_000;
/** First wait of a call that is held back by a cap, in milliseconds; doubles from there. */
export const FIRST_HOLD_MS = 1_000;
/** Longest wait between two tries of such a call, in milliseconds: soon enough for a slot that came free, 1,000 held calls make 40 tries a second. */
export const MAX_HOLD_MS = 30_000;
/** Cancellations of calls that no cluster knows yet which a process remembers; each some 200 bytes. */
export const MAX_NOTED_CANCELLATIONS = 10_000;
/** How often it is logged that calls of one pair are held back, in milliseconds. */
export const HOLD_TOLD_EVERY_MS = 60_000;
