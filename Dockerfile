# A static binary on an empty image: nothing but Mockplane and its licence is in it.
#
#   docker build -t mockplane .
#   docker run --rm -p 4545:4545 mockplane

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# `--target` keeps the flag away from build scripts and procedural macros, which must not be static.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    set -eu; \
    target="$(uname -m)-unknown-linux-gnu"; \
    RUSTFLAGS="-C target-feature=+crt-static" \
        cargo build --release --locked --target "$target" -p mock-server --bin mockplane; \
    mkdir -p /image; \
    cp "target/$target/release/mockplane" LICENSE NOTICE /image/

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
ENV MOCKPLANE_HOST=0.0.0.0
EXPOSE 4545
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=2s --start-period=1s --retries=3 CMD ["/mockplane", "healthcheck"]
ENTRYPOINT ["/mockplane"]
CMD ["serve"]
