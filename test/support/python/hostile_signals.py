"""Completion signals of no bridge, sent by the Python SDK, for test/slow/hostile-signals.test.ts.

Usage: hostile_signals.py ADDRESS NAMESPACE WORKFLOW_ID COUNT; prints how many of each kind were sent, as JSON.
"""

import asyncio
import dataclasses
import json
import os
import sys

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, Interceptor, OutboundInterceptor

SIGNAL = "temporal-bridge.completion"
HEADER = "temporal-bridge-completion"


def envelope(n: int, **more) -> bytes:
    fields = {
        "v": 1,
        "kind": "completion",
        "callId": f"{n:064x}",
        "argsDigest": "d" * 64,
        "remote": {"wrapperWorkflowId": "w", "workflowId": "t", "runId": "r"},
        "outcome": {"status": "completed"},
    }
    return json.dumps({**fields, **more}).encode()


# By number modulo their length; the first is for a call that nobody made, the others cannot be read.
KINDS = {
    "unknown": lambda n: envelope(n),
    "future": lambda n: envelope(n, v=2),
    "truncated": lambda n: envelope(n)[: n % 200],
    "deep": lambda n: b"[" * 10_000 + b"]" * 10_000,
    "bytes": lambda n: bytes([0xFF, 0xFE, n % 256]),
    "ansi": lambda n: "\x1b[31m\u202e\n".encode() * 100,
}

headers: dict[str, bytes] = {}


class Outbound(OutboundInterceptor):
    async def signal_workflow(self, input):
        payload = Payload(metadata={"encoding": b"json/plain"}, data=headers[input.args[0]])
        await super().signal_workflow(dataclasses.replace(input, headers={HEADER: payload}))


class WithHeader(Interceptor):
    def intercept_client(self, next):
        return Outbound(next)


async def main() -> None:
    address, namespace, workflow_id, count = sys.argv[1:5]
    client = await Client.connect(address, namespace=namespace, interceptors=[WithHeader()])
    handle = client.get_workflow_handle(workflow_id)
    sent = dict.fromkeys(KINDS, 0)
    kinds = list(KINDS.items())

    async def send(n: int) -> None:
        kind, make = kinds[n % len(kinds)]
        headers[str(n)] = make(n)
        await handle.signal(SIGNAL, str(n))
        sent[kind] += 1

    for first in range(0, int(count), 20):
        await asyncio.gather(*(send(n) for n in range(first, min(first + 20, int(count)))))
    print(json.dumps(sent), flush=True)
    # Not by the interpreter's own end: the SDK's threads may outlive it, and crash it.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
