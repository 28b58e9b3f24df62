#!/bin/bash
# Installs the validators of tests/validators.rs into the folder $1: Python readers, and the SARIF schema.
set -euo pipefail
folder=$1
python3 -m venv "$folder"
"$folder/bin/pip" install -q jsonschema junitparser html5lib markdown-it-py
package=$(cd "$folder" && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 | tail -1)
tar -xzf "$folder/$package" -C "$folder" package/lib/schemas/sarif-2.1.0-rtm.5.json
