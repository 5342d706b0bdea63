#!/usr/bin/env bash
# Builds the programs of the stack into a cache outside the tree, each once for its version: `make stack-build`.
#
# Needs Go; Maven, Java and uv for what only tests run: Kafka, ClickHouse's engine, Kubernetes' schemas. Prometheus is built without the service discoveries that it does not need here; Alertmanager's and
# Prometheus' web pages are small or absent, their APIs are whole. Jaeger's module has no v2 path: v1.76.0 is the
# commit of v2.13.0, and jaeger/go.mod pins all of it.
#
#   build.sh [PROGRAM...]     all of them, without a name
set -euo pipefail
cd "$(dirname "$0")"
set -a
# shellcheck source=.env
. ./.env
set +a

cache="${OTEL_TOKENS_STACK:-${XDG_CACHE_HOME:-$HOME/.cache}/otel-tokens/stack/bin}"
mkdir -p "$cache"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

if ! command -v go > /dev/null; then
  echo "build.sh: go is not installed: https://go.dev/dl" >&2
  exit 1
fi
export GOFLAGS="-buildvcs=false -trimpath" GOTOOLCHAIN="${GOTOOLCHAIN:-auto}" CGO_ENABLED=0

# fresh NAME STAMP FILE...: whether the cache holds each FILE as STAMP describes it.
fresh() {
  local name="$1" stamp="$2"
  shift 2
  [ "$(cat "$cache/.$name" 2> /dev/null)" = "$stamp" ] || return 1
  for file in "$@"; do [ -x "$cache/$file" ] || return 1; done
}

collector() {
  local name="$1" manifest="$2" version="$3" core="$4" stamp
  stamp="$version $core $(sha256sum < "$manifest")"
  fresh "$name" "$stamp" "$name" && return
  echo "building $name $version"
  sed -e "s/\${COLLECTOR_VERSION}/$version/g" -e "s/\${COLLECTOR_CORE_VERSION}/$core/g" "$manifest" > "$work/$name.yaml"
  GOBIN="$work" go install "go.opentelemetry.io/collector/cmd/builder@v$version"
  (cd "$work" && rm -rf _build && ./builder --config "$name.yaml" > "$name.log" 2>&1) || {
    tail -n 30 "$work/$name.log" >&2
    exit 1
  }
  install -m 755 "$work/_build/$name" "$cache/$name"
  echo "$stamp" > "$cache/.$name"
}

# installed NAME VERSION TAGS PACKAGE...: `go install` of packages at a version.
installed() {
  local name="$1" version="$2" tags="$3" programs=()
  shift 3
  for package in "$@"; do programs+=("$(basename "${package%/v[0-9]*}")"); done
  fresh "$name" "$version" "${programs[@]}" && return
  echo "building $name $version"
  GOBIN="$cache" go install -tags "$tags" -ldflags "-s -w" "${@/%/@$version}"
  echo "$version" > "$cache/.$name"
}

jaeger() {
  local stamp
  stamp="$JAEGER_VERSION $(sha256sum < jaeger/go.sum)"
  fresh jaeger "$stamp" jaeger && return
  echo "building jaeger $JAEGER_VERSION"
  cp jaeger/go.mod jaeger/go.sum "$work"
  (cd "$work" && go build -ldflags "-s -w" -o "$cache/jaeger" github.com/jaegertracing/jaeger/cmd/jaeger)
  echo "$stamp" > "$cache/.jaeger"
}

# needs TOOL NAME: whether there is a tool to get NAME with; only tests miss it otherwise.
needs() {
  command -v "$1" > /dev/null && return
  echo "$2: left out, as $1 is not installed; tests that need it are skipped" >&2
  [ -z "${OTEL_TOKENS_STACK_REQUIRED:-}" ] || exit 1
  return 1
}

kafka() {
  local stamp
  stamp="$(sha256sum < ../tests/stack/scale/kafka-pom.xml)"
  fresh kafka "$stamp" kafka && return
  needs mvn kafka || return 0
  echo "fetching kafka"
  rm -rf "$cache/kafka"
  mvn -q -B -f ../tests/stack/scale/kafka-pom.xml dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$cache/kafka"
  rm -rf ../tests/stack/scale/target
  echo "$stamp" > "$cache/.kafka"
}

# packages NAME REQUIREMENT [OPTION...]: a package for Python in a folder of its own.
packages() {
  local name="$1" requirement="$2" uv=../.venv/bin/uv
  shift 2
  fresh "$name" "$requirement" "$name" && return
  [ -x "$uv" ] || uv=uv
  needs "$uv" "$name" || return 0
  echo "fetching $requirement"
  rm -rf "${cache:?}/$name"
  "$uv" pip install --quiet --python ../.venv/bin/python "$@" --target "$cache/$name" "$requirement"
  echo "$requirement" > "$cache/.$name"
}

for program in "${@:-all}"; do
  case "$program" in
    all)
      ./build.sh otelcol-tokens prometheus alertmanager jaeger otelcol-tokens-kafka kustomize kafka chdb \
        kubernetes-validate ;;
    otelcol-tokens) collector otelcol-tokens builder.yaml "$COLLECTOR_VERSION" "$COLLECTOR_CORE_VERSION" ;;
    otelcol-tokens-kafka)
      collector otelcol-tokens-kafka builder-kafka.yaml "$COLLECTOR_VERSION" "$COLLECTOR_CORE_VERSION" ;;
    kustomize)
      installed kustomize "v$KUSTOMIZE_VERSION" "" sigs.k8s.io/kustomize/kustomize/v5 ;;
    kafka) kafka ;;
    chdb) packages chdb "chdb-core==$CHDB_VERSION" --no-deps ;;
    kubernetes-validate)
      packages kubernetes-validate "kubernetes-validate==$KUBERNETES_VALIDATE_VERSION" ;;
    prometheus)
      # Module v0.316.0 is release 3.16.0.
      IFS=. read -r major minor patch <<< "$PROMETHEUS_VERSION"
      installed prometheus "v0.$major$(printf %02d "$minor").$patch" remove_all_sd \
        github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool ;;
    alertmanager)
      installed alertmanager "v$ALERTMANAGER_VERSION" "" \
        github.com/prometheus/alertmanager/cmd/alertmanager github.com/prometheus/alertmanager/cmd/amtool ;;
    jaeger) jaeger ;;
    *)
      echo "build.sh: there is no program $program; there are otelcol-tokens, otelcol-tokens-kafka," \
        "prometheus, alertmanager, jaeger, kustomize, kafka, chdb, kubernetes-validate" >&2
      exit 2 ;;
  esac
done
