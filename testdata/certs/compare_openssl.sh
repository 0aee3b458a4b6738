#!/usr/bin/env bash
# Judges the chains of testdata/certs with `openssl verify` at each story's time and lists where it
# differs from ours. Where the difference is right, differences.txt says why; any other one fails.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unexplained=0 same=0 differ=0
for story in */; do
  story=${story%/}
  purpose=sslserver at=0
  while IFS='=' read -r key value; do
    case $key in
      purpose) [ "$value" = server ] || purpose=sslclient ;;
      at) at=$value ;;
    esac
  done <"$story/story.txt"
  read -r verdict <"$story/expect.txt"
  ours=refused
  [ "${verdict%%,*}" = Trusted ] && ours=accepted
  theirs=refused says="no certificate"
  if [ -s "$story/chain.pem" ]; then
    openssl x509 -in "$story/chain.pem" -out "$work/leaf.pem" 2>/dev/null ||
      cp "$story/chain.pem" "$work/leaf.pem"
    # A security level of 2 is the default of Debian and of OpenSSL 3.2; partial chains are what
    # Go and curl accept.
    says=$(openssl verify -attime "$at" -purpose "$purpose" -auth_level 2 -partial_chain \
      -no-CAfile -no-CApath -no-CAstore -trusted "$story/anchors.pem" \
      -untrusted "$story/chain.pem" "$work/leaf.pem" 2>&1) && theirs=accepted
    says=$(grep -m1 -o 'error [0-9]* at [0-9]* depth lookup: .*' <<<"$says" || head -1 <<<"$says")
  fi
  if [ "$ours" = "$theirs" ]; then
    same=$((same + 1))
    continue
  fi
  differ=$((differ + 1))
  why=$(grep "^$story: " differences.txt 2>/dev/null | cut -d' ' -f2-) || true
  if [ -z "$why" ]; then
    unexplained=$((unexplained + 1))
    why="UNEXPLAINED"
  fi
  echo "$story: ours $verdict, openssl $theirs${says:+ ($says)}"
  echo "    $why"
done
echo "$same the same, $differ differ, $unexplained unexplained"
[ "$unexplained" -eq 0 ]
