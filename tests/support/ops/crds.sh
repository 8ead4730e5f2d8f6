#!/usr/bin/env bash
# Makes schemas/ anew: what the custom resources in deploy/ must look like, from the
# definitions that their makers publish as Go modules (needs Go; the checks do not).
# Descriptions are left out, and what is not defined is refused, as `kubectl apply
# --validate=strict` does.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../setup.sh" ops-dir)/bin/python
command -v go >/dev/null || { echo "crds.sh: go is missing" >&2; exit 1; }

module() { go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

schema() { # FILE SOURCE
    "$python" - "$1" "$2" >"$here/schemas/$(basename "$1" .yaml).json" <<'PYTHON'
import json, sys, yaml

def strict(node):
    if isinstance(node, list):
        return [strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    known = {key: value for key, value in node.items() if key != "description" or not isinstance(value, str)}
    made = {key: strict(value) for key, value in known.items()}
    free = made.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in made
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not free:
        made["additionalProperties"] = False
    return made

definition = yaml.safe_load(open(sys.argv[1]))
spec = definition["spec"]
version = next(one for one in spec["versions"] if one["storage"])
made = strict(version["schema"]["openAPIV3Schema"])
made["properties"]["apiVersion"] = {"const": f"{spec['group']}/{version['name']}"}
made["properties"]["kind"] = {"const": spec["names"]["kind"]}
made["$comment"] = f"{sys.argv[2]}, Apache-2.0; made by crds.sh"
json.dump(made, sys.stdout, sort_keys=True, separators=(",", ":"))
print()
PYTHON
}

operator=v0.85.0
keda=v2.21.0
mkdir -p "$here/schemas"
dir=$(module "github.com/prometheus-operator/prometheus-operator@$operator")
for name in podmonitors prometheusrules; do
    schema "$dir/example/prometheus-operator-crd/monitoring.coreos.com_$name.yaml" "prometheus-operator $operator"
done
dir=$(module "github.com/kedacore/keda/v2@$keda")
for name in scaledobjects triggerauthentications; do
    schema "$dir/config/crd/bases/keda.sh_$name.yaml" "KEDA $keda"
done
