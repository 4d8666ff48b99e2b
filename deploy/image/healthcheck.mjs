/** Whether the bridge in this container is ready: the image's health check. Prints what it lacks; see docs/observability.md. */
const listening = process.env.BRIDGE_HTTP_ADDRESS ?? '';
const port = listening.slice(listening.lastIndexOf(':') + 1);
const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch((error) => {
  console.log(`nothing answers at port ${port}: ${error.cause?.message ?? error.message}`);
  process.exit(1);
});
const { ready, problems } = await response.json();
console.log(ready ? 'ready' : problems.join('; '));
process.exit(ready ? 0 : 1);
