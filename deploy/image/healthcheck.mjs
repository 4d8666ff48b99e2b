/** Whether the bridge in this container is ready: the image's health check. Prints what it lacks; see docs/observability.md. */
const listening = process.env.BRIDGE_HTTP_ADDRESS?.trim() || '127.0.0.1:9464';
if (listening === 'off') {
  console.log('BRIDGE_HTTP_ADDRESS is off: nothing can be asked');
  process.exit(0);
}
const [, host, port] = /^(.*):(\d+)$/.exec(listening) ?? [];
const own = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };
const response = await fetch(`http://${own[host] ?? host}:${port}/readyz`).catch((error) => {
  console.log(`nothing answers at ${listening}: ${error.cause?.message ?? error.message}`);
  process.exit(1);
});
const { ready, problems } = await response.json();
console.log(ready ? 'ready' : problems.join('; '));
process.exit(ready ? 0 : 1);
