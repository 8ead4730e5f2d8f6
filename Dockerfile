# warraq's image: one binary on distroless Debian 12, as user 65532, without a
# shell. docs/image.md tells how to build, verify and run it.

FROM docker.io/library/rust:1.95.0-slim-bookworm AS toolchain
# librdkafka, curl, OpenSSL and zstd are compiled from the sources in their crates.
# Debian's stable release changes no version but for security, and drops the old
# one then: a pinned version would break the build on the day of a fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake g++ make perl \
    && rm -rf /var/lib/apt/lists/*
RUN cargo install --locked --root /usr/local \
        cargo-chef@0.1.78 cargo-auditable@0.7.7 auditable2cdx@0.1.0 \
    && rm -rf "$CARGO_HOME/registry"
WORKDIR /warraq

FROM toolchain AS plan
COPY . .
RUN cargo chef prepare --bin warraq --recipe-path /recipe.json

FROM toolchain AS build
# Everything but warraq itself, rebuilt only where Cargo.toml or Cargo.lock changes.
COPY --from=plan /recipe.json /recipe.json
RUN cargo chef cook --release --locked --bin warraq --recipe-path /recipe.json
COPY . .
# Shown by `warraq --version` beside the version, and in each record's provenance.
ARG REVISION=
# The list of crates goes into the binary as it is linked, and the SBOM is read back
# from there: it tells what was built, not what a lock file allows.
RUN WARRAQ_BUILD="${REVISION}" cargo auditable build --release --locked --bin warraq \
    && install -D -m 0755 target/release/warraq /out/warraq \
    && install -D -m 0644 LICENSE /out/doc/LICENSE \
    && install -m 0644 models/README.md /out/doc/models.md \
    && install -m 0644 src/cli/samples/README.md /out/doc/samples.md \
    && auditable2cdx /out/warraq >/out/doc/sbom.cdx.json

# cc: glibc and libgcc, which the binary links; certificates of the system.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="warraq" \
      org.opencontainers.image.description="News articles from Kafka in, clean tagged records out, exactly once" \
      org.opencontainers.image.source="https://github.com/warraq/warraq" \
      org.opencontainers.image.documentation="https://github.com/warraq/warraq/blob/main/docs/image.md" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-SA-4.0 AND CC-BY-2.5" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /out/doc /usr/share/doc/warraq
# Every key with its default; mount your own file over it, or set WARRAQ_… variables.
COPY config/warraq.toml /etc/warraq/warraq.toml
COPY --from=build /out/warraq /warraq
USER 65532:65532
EXPOSE 9464
ENTRYPOINT ["/warraq"]
CMD ["run", "--config", "/etc/warraq/warraq.toml"]
