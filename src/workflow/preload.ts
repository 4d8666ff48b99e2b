/**
 * The modules of the package that keep nothing between workflows. Evaluated once a V8 context, and shared by the workflows
 * that run in it; the others are evaluated anew for each workflow, some 3 ms of a core for each that makes a call.
 *
 * @module
 */
import '../shared/call-id.js';
import '../shared/cross-cluster-request.js';
import '../shared/keys.js';
import '../shared/remote-ids.js';
import '../shared/wire/anchor-report.js';
import '../shared/wire/call-envelope.js';
import '../shared/wire/completion-envelope.js';
import '../shared/wire/extra-payloads.js';
import '../shared/wire/operation-envelope.js';
import '../shared/wire/target-options.js';
