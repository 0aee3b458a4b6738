#!/bin/sh
# Records every story, or those named: testdata/record/all.sh [STORY...]. Needs root (network namespaces).
set -eu
cd "$(dirname "$0")"
exec python3 record.py "$@"
