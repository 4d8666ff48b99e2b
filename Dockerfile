# The bridge's image (the last stage, `bridge`), and the demo's, which docker-compose.yml uses (`demo`). See docs/deploy.md.
#
# Bases are pinned to releases; to pin them to digests, give them as --build-arg BUILD_IMAGE=… and RUNTIME_IMAGE=….
ARG BUILD_IMAGE=node:20.20.2-bookworm
ARG RUNTIME_IMAGE=node:20.20.2-bookworm-slim

FROM ${BUILD_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM packages AS build
COPY tsconfig*.json ./
COPY scripts/build-bundles.ts scripts/
COPY src src
COPY workflows-a workflows-a
COPY workflows-b workflows-b
RUN npm run build && rm dist/*.tsbuildinfo && chmod +x dist/src/cli/main.js

FROM ${BUILD_IMAGE} AS production-packages
WORKDIR /app
COPY package.json package-lock.json deploy/image/production-packages.mjs ./
# The SDK's native part comes for five platforms in one package; a container runs on one.
RUN node production-packages.mjs \
  && rm production-packages.mjs \
  && npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && case "$(uname -m)" in x86_64) keep=x86_64-unknown-linux-gnu ;; aarch64) keep=aarch64-unknown-linux-gnu ;; *) exit 1 ;; esac \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$keep" -exec rm -r {} +

# The demo's workers and its calls: sources, run as `make demo` runs them, with their workflows bundled.
FROM build AS demo
COPY scripts scripts
RUN node --import tsx scripts/demo/workflow-bundles.ts
USER node
ENTRYPOINT ["node", "--import", "tsx"]

FROM ${RUNTIME_IMAGE} AS bridge
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="temporal-bridge" \
  org.opencontainers.image.description="Lets workflows of one Temporal cluster run workflows of another and get their outcome" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
# The SDK's native part looks for the roots of TLS there; the slim base has none.
COPY --from=packages /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
WORKDIR /app
COPY --from=production-packages /app ./
COPY --from=build /app/dist dist
COPY LICENSE ./
COPY deploy/image/healthcheck.mjs ./
# /keys: where docker-compose.yml mounts each side's keys; a new volume takes the folder's owner over.
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/temporal-bridge \
  && install -d -o 1000 -g 1000 -m 700 /keys/caller /keys/handler
ENV NODE_ENV=production \
  BRIDGE_HTTP_ADDRESS=0.0.0.0:9464 \
  BRIDGE_LOG_FORMAT=json
USER 1000:1000
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["temporal-bridge"]
CMD ["run"]
