"""A target on cluster B and a caller on cluster A in the Python SDK, for test/slow/other-sdk.test.ts.

Usage: other_sdk.py A_ADDRESS A_NAMESPACE B_ADDRESS B_NAMESPACE; prints one JSON line with what the caller saw.
"""

import asyncio
import json
import os
import sys
import uuid
from dataclasses import dataclass

from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError, ChildWorkflowError
from temporalio.worker import Worker


@dataclass
class Order:
    orderID: str
    sku: str = "SKU-1"


@workflow.defn(name="PythonFulfillment")
class PythonFulfillment:
    @workflow.run
    async def run(self, order: Order) -> dict:
        if order.sku == "SKU-SOLD-OUT":
            raise ApplicationError(
                "sold out", {"sku": order.sku}, type="OutOfStock", non_retryable=True
            )
        return {"orderID": order.orderID, "by": "python"}


@workflow.defn(name="PythonCaller")
class PythonCaller:
    @workflow.run
    async def run(self, request: dict) -> dict:
        try:
            answer = await workflow.execute_child_workflow(
                "CrossClusterWorkflow",
                request,
                id=f"{workflow.info().workflow_id}-call",
                task_queue="bridge-queue",
            )
            return {"answer": answer}
        except ChildWorkflowError as error:
            failure, chain = error.cause, []
            while isinstance(failure, ApplicationError):
                chain.append({"type": failure.type, "message": failure.message, "details": list(failure.details)})
                failure = failure.__cause__
            return {"failures": chain}


async def main() -> None:
    a_address, a_namespace, b_address, b_namespace = sys.argv[1:5]
    a = await Client.connect(a_address, namespace=a_namespace)
    b = await Client.connect(b_address, namespace=b_namespace)
    callers = Worker(a, task_queue="python-callers", workflows=[PythonCaller])
    targets = Worker(b, task_queue="python-targets", workflows=[PythonFulfillment])
    async with callers, targets:
        seen = []
        for sku in ("SKU-1", "SKU-SOLD-OUT"):
            request = {
                "workflowType": "PythonFulfillment",
                "taskQueue": "python-targets",
                "args": [{"orderID": "py-1", "sku": sku}],
                "timeout": "2m",
            }
            seen.append(
                await a.execute_workflow(
                    "PythonCaller", request, id=f"python-{uuid.uuid4()}", task_queue="python-callers"
                )
            )
        print(json.dumps(seen), flush=True)
        # Not by the interpreter's own end: the SDK's threads may outlive it, and crash it.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
