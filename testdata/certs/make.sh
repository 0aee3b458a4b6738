#!/usr/bin/env bash
# Makes the chains of testdata/certs: one folder a story. Needs the openssl command (3.0 or later).
#
#   testdata/certs/make.sh            makes every story anew (new keys, the same results)
#
# Each folder gets chain.pem (as sent), anchors.pem, known.pem (authorities seen elsewhere in the
# capture), story.txt (purpose, time, name asked for) and README.md (what the story is about).
# expect.txt is written by the test: UPDATE_EXPECT=1 cargo test -p tlsleuth-cert --test stories
# Private keys stay in a temporary folder and are thrown away. Dates are fixed, so results never
# change with the clock.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir keys new

# The capture is of 2026-11-20T10:00:00Z.
AT=1795168800
ROOT_SPAN="20200101000000Z 20400101000000Z"
INT_SPAN="20220101000000Z 20320101000000Z"
LEAF_SPAN="20261001000000Z 20271001000000Z"

CA_EXT="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
AKI="authorityKeyIdentifier=keyid:always"
LEAF_KU="keyUsage=critical,digitalSignature"
leaf_ext() { # leaf_ext NAME: the extensions of an ordinary server certificate
  printf '%s\n' "basicConstraints=critical,CA:FALSE" "$LEAF_KU" "extendedKeyUsage=serverAuth" \
    "subjectKeyIdentifier=hash" "$AKI" "subjectAltName=$1"
}

key() { # key NAME [ALGORITHM]
  [ -f "keys/$1.key" ] && return
  case ${2:-p256} in
    p256) set -- "$1" EC -pkeyopt ec_paramgen_curve:P-256 ;;
    p384) set -- "$1" EC -pkeyopt ec_paramgen_curve:P-384 ;;
    p521) set -- "$1" EC -pkeyopt ec_paramgen_curve:P-521 ;;
    p192) set -- "$1" EC -pkeyopt ec_paramgen_curve:P-192 ;;
    ed25519) set -- "$1" ED25519 ;;
    ed448) set -- "$1" ED448 ;;
    rsa*) set -- "$1" RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" ;;
  esac
  local name=$1
  shift
  openssl genpkey -algorithm "$@" -out "keys/$name.key" 2>/dev/null
}

serial=4096
# issue FILE SUBJECT ISSUER|self KEY[:ALGORITHM] "START END" EXTENSIONS [OPTION...]
issue() {
  local file=$1 subject=$2 issuer=$3 key=${4%%:*} algorithm=p256 span=$5 extensions=$6
  case $4 in *:*) algorithm=${4#*:} ;; esac
  shift 6
  key "$key" "$algorithm"
  printf '%s' "$key" >"$file.keyname"
  serial=$((serial + 7919))
  printf '%08X' "$serial" >serial
  : >index.txt
  {
    echo "[ca]
default_ca=d
[d]
database=index.txt
new_certs_dir=new
serial=serial
default_md=${MD:-sha256}
policy=any
unique_subject=no
preserve=yes
email_in_dn=yes
[any]
${POLICY:-countryName=optional
organizationName=optional
organizationalUnitName=optional
commonName=optional
emailAddress=optional}
[req]
distinguished_name=dn
string_mask=${MASK:-utf8only}
[dn]"
    [ -z "$extensions" ] || printf '[ext]\n%s\n' "$extensions"
    printf '%s\n' "${SECTIONS:-}"
  } >conf
  openssl req -config conf -new -utf8 -key "keys/$key.key" -subj "$subject" -out csr 2>/dev/null
  local with=()
  [ -z "$extensions" ] || with=(-extensions ext)
  if [ "$issuer" = self ]; then
    with+=(-selfsign -keyfile "keys/$key.key")
  else
    with+=(-cert "$issuer.crt" -keyfile "keys/$(cat "$issuer.keyname").key")
  fi
  # shellcheck disable=SC2086
  if ! openssl ca -batch -config conf -in csr -out "$file.crt" -notext \
    -startdate ${span% *} -enddate ${span#* } "${with[@]}" "$@" 2>error; then
    cat error >&2
    echo "make.sh: cannot issue $file" >&2
    exit 1
  fi
}

# story NAME "WHAT IT IS ABOUT" "CHAIN" "ANCHORS" ["KEY=VALUE ..."]
# An element of the chain is a certificate's file; known=a,b gives authorities seen elsewhere.
count=0
story() {
  local name=$1 about=$2 chain=$3 anchors=$4 settings=${5:-} known="" c
  local folder=$here/$name
  mkdir -p "$folder"
  : >"$folder/chain.pem"
  : >"$folder/anchors.pem"
  rm -f "$folder/known.pem"
  for c in $chain; do cat "$c.crt" >>"$folder/chain.pem"; done
  for c in $anchors; do cat "$c.crt" >>"$folder/anchors.pem"; done
  {
    echo "purpose=server"
    echo "at=$AT"
    for c in $settings; do
      case $c in
        known=*) known=${c#known=} ;;
        *) echo "$c" ;;
      esac
    done
  } >"$folder/story.txt"
  for c in ${known//,/ }; do cat "$c.crt" >>"$folder/known.pem"; done
  printf '%s\n\nMade by `testdata/certs/make.sh` with the openssl command; CC0.\n' "$about" \
    >"$folder/README.md"
  count=$((count + 1))
}

# flip FILE TO: the same certificate with one bit of its signature turned over.
flip() {
  openssl x509 -in "$1.crt" -outform der -out der
  local size last
  size=$(stat -c %s der)
  last=$(od -An -tu1 -j $((size - 1)) -N1 der | tr -d ' ')
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((last ^ 1)))" | dd of=der bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
  pem der "$2"
}

pem() { # pem DERFILE TO: wraps any bytes as a certificate
  {
    echo "-----BEGIN CERTIFICATE-----"
    base64 -w64 "$1"
    echo "-----END CERTIFICATE-----"
  } >"$2.crt"
}

SAN=DNS:api.example.test
NAME=name=api.example.test

# --- the ordinary authority
issue root "/O=Example/CN=Example Root CA" self root "$ROOT_SPAN" "$CA_EXT"
issue int "/O=Example/CN=Example Issuing CA" root int "$INT_SPAN" "$CA_EXT
$AKI"
issue leaf "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
issue other-root "/O=Other/CN=Other Root CA" self other-root "$ROOT_SPAN" "$CA_EXT"
issue other-int "/O=Other/CN=Other Issuing CA" other-root other-int "$INT_SPAN" "$CA_EXT
$AKI"

story good "The server sends leaf and intermediate; the root is trusted." "leaf int" root $NAME
story root-included "The root is sent too, which nobody needs." "leaf int root" root $NAME
story none-sent "An empty certificate list." "" root
story none-sent-by-client "A client without a certificate sends an empty list." "" root "purpose=client"

issue leaf-of-root "/CN=direct.example.test" root leaf "$LEAF_SPAN" "$(leaf_ext DNS:direct.example.test)"
story issued-by-root "A private root issues leaves by itself." leaf-of-root root name=direct.example.test

issue int2 "/O=Example/CN=Example Issuing CA 2" int int2 "$INT_SPAN" "$CA_EXT
$AKI"
issue leaf2 "/CN=api.example.test" int2 leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story two-intermediates "A root, two intermediates, a leaf." "leaf2 int2 int" root $NAME

# --- algorithms
issue rsa-root "/CN=RSA Root" self rsa-root:rsa2048 "$ROOT_SPAN" "$CA_EXT"
issue rsa-int "/CN=RSA Issuing CA" rsa-root rsa-int:rsa2048 "$INT_SPAN" "$CA_EXT
$AKI"
issue rsa-leaf "/CN=api.example.test" rsa-int rsa-leaf:rsa2048 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story rsa "RSA keys of 2048 bits, PKCS #1 signatures." "rsa-leaf rsa-int" rsa-root $NAME
MD=sha384 issue rsa-leaf-384 "/CN=api.example.test" rsa-int rsa-leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story rsa-sha384 "An RSA signature over SHA-384." "rsa-leaf-384 rsa-int" rsa-root $NAME
issue pss-leaf "/CN=api.example.test" rsa-int rsa-leaf "$LEAF_SPAN" "$(leaf_ext $SAN)" \
  -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
story rsa-pss "An RSA-PSS signature over SHA-256." "pss-leaf rsa-int" rsa-root $NAME
MD=sha384 issue p384-root "/CN=P-384 Root" self p384-root:p384 "$ROOT_SPAN" "$CA_EXT"
MD=sha384 issue p384-leaf "/CN=api.example.test" p384-root p384-leaf:p384 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story p384 "ECDSA on P-384." p384-leaf p384-root $NAME
MD=sha512 issue p521-root "/CN=P-521 Root" self p521-root:p521 "$ROOT_SPAN" "$CA_EXT"
MD=sha512 issue p521-leaf "/CN=api.example.test" p521-root p521-leaf:p521 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story p521 "ECDSA on P-521, which ring does not check." p521-leaf p521-root $NAME
issue ed-root "/CN=Ed25519 Root" self ed-root:ed25519 "$ROOT_SPAN" "$CA_EXT"
issue ed-leaf "/CN=api.example.test" ed-root ed-leaf:ed25519 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story ed25519 "Ed25519 throughout." ed-leaf ed-root $NAME
issue ed448-root "/CN=Ed448 Root" self ed448-root:ed448 "$ROOT_SPAN" "$CA_EXT"
issue ed448-leaf "/CN=api.example.test" ed448-root ed448-leaf:ed448 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story ed448 "Ed448, which this program does not check." ed448-leaf ed448-root $NAME
MD=sha512 issue p256-512-leaf "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story p256-sha512 "ECDSA on P-256 over SHA-512: right, but unusual." "p256-512-leaf int" root $NAME

# --- validity
issue expired "/CN=api.example.test" int leaf "20251001000000Z 20261001000000Z" "$(leaf_ext $SAN)"
story expired-leaf "The leaf expired seven weeks ago." "expired int" root $NAME
issue int-expired "/O=Example/CN=Example Issuing CA" root int "20200101000000Z 20261101000000Z" "$CA_EXT
$AKI"
story expired-intermediate "The intermediate expired, the leaf has not." "leaf int-expired" root $NAME
issue root-expired "/O=Example/CN=Example Root CA" self root "20100101000000Z 20260101000000Z" "$CA_EXT"
story expired-anchor "The trusted root itself has expired: OpenSSL and Go refuse, rustls does not." "leaf int" root-expired $NAME
issue future "/CN=api.example.test" int leaf "20261121000000Z 20271121000000Z" "$(leaf_ext $SAN)"
story not-yet-valid-leaf "The leaf becomes valid tomorrow." "future int" root $NAME
issue int-future "/O=Example/CN=Example Issuing CA" root int "20270101000000Z 20320101000000Z" "$CA_EXT
$AKI"
story not-yet-valid-intermediate "The intermediate becomes valid next year." "leaf int-future" root $NAME
issue soon "/CN=api.example.test" int leaf "20260901000000Z 20261125000000Z" "$(leaf_ext $SAN)"
story expires-soon "The leaf expires in five days." "soon int" root $NAME
story last-second "Judged in the last second of the leaf's validity." "soon int" root "$NAME at=1795564800"
story first-second-after "Judged one second later." "soon int" root "$NAME at=1795564801"
story expired-and-missing-intermediate "The leaf expired, and the intermediate was not sent." expired root "$NAME known=int"
story expired-two "Leaf and intermediate expired at different times." "expired int-expired" root $NAME

# --- self-signed
issue self "/CN=api.example.test" self self "$LEAF_SPAN" "basicConstraints=critical,CA:FALSE
$LEAF_KU
extendedKeyUsage=serverAuth
subjectAltName=$SAN"
story self-signed "A self-signed leaf that nobody trusts." self root $NAME
story self-signed-trusted "A self-signed leaf that is an anchor itself." self self $NAME
issue self-ca "/CN=api.example.test" self self "$LEAF_SPAN" "basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
subjectAltName=$SAN"
story self-signed-ca "What 'openssl req -x509' makes: self-signed, CA:TRUE." self-ca root $NAME
story self-signed-ca-trusted "The same, trusted as it is." self-ca self-ca $NAME
flip self self-flipped
story self-signed-broken "A self-signed leaf whose signature is wrong." self-flipped root $NAME
issue self-expired "/CN=api.example.test" self self "20240101000000Z 20250101000000Z" "subjectAltName=$SAN"
story self-signed-expired "A self-signed leaf that has expired too." self-expired root $NAME
issue leaf-named-like-root "/O=Example/CN=Example Root CA" root leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story named-like-its-issuer "The leaf has the name of the root that issued it: self-issued, not self-signed." leaf-named-like-root root $NAME
story named-like-an-unknown-issuer "The same, and the root is unknown." leaf-named-like-root other-root $NAME

# --- what is missing
story missing-intermediate "Only the leaf is sent; its issuer was seen nowhere." leaf root $NAME
story missing-intermediate-known "Only the leaf is sent; its issuer was seen in another chain." leaf root "$NAME known=int"
story missing-upper-intermediate "The upper one of two intermediates is missing." "leaf2 int2" root $NAME
story missing-upper-intermediate-known "The same, and it was seen elsewhere." "leaf2 int2" root "$NAME known=int"
story missing-both-known "Both intermediates are missing and were seen elsewhere." leaf2 root "$NAME known=int,int2"
story missing-intermediate-private "An intermediate is missing that leads to a root nobody knows." leaf other-root "$NAME known=int,root"
issue aia-leaf "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext $SAN)
authorityInfoAccess=caIssuers;URI:http://ca.example.test/issuing.crt,OCSP;URI:http://ocsp.example.test
crlDistributionPoints=URI:http://ca.example.test/issuing.crl
certificatePolicies=2.23.140.1.2.1"
story missing-intermediate-aia "The leaf tells where its issuer can be fetched." aia-leaf root $NAME
story untrusted-root-sent "The chain is complete up to a root that is not trusted." "leaf int root" other-root $NAME
story untrusted-root-not-sent "The root of a private authority is neither sent nor known." "leaf int" other-root $NAME
story untrusted-root-known "The private root was not sent here but was seen elsewhere." "leaf int" other-root "$NAME known=root"
story untrusted-root-no-anchors "No anchors at all." "leaf int root" "" $NAME
story private-root "A leaf of an unknown private root that calls itself so." leaf-of-root other-root name=direct.example.test
issue private "/CN=Private CA" self private "$ROOT_SPAN" "$CA_EXT"
issue private-leaf "/CN=api.example.test" private leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story unknown-issuer "A leaf of somebody who may be a root or an intermediate." private-leaf other-root $NAME
story unknown-issuer-seen "The same, and elsewhere the issuer was seen to be a root." private-leaf other-root "$NAME known=private"

# --- order and company
story wrong-order "Root before intermediate." "leaf root int" root $NAME
story wrong-order-intermediates "The two intermediates are swapped." "leaf2 int int2" root $NAME
story reversed "The chain is upside down: root first, leaf last." "root int leaf" root $NAME
story unrelated "An intermediate of another authority is sent too." "leaf int other-int" root $NAME
story unrelated-only "The wrong intermediate is sent instead of the right one." "leaf other-int" root $NAME
story unrelated-leaf "Two leaves in one chain." "leaf int leaf-of-root" root $NAME
story duplicate-leaf "The leaf is sent twice." "leaf leaf int" root $NAME
story duplicate-intermediate "The intermediate is sent twice." "leaf int int" root $NAME

# --- signatures
flip leaf leaf-flipped
story bad-signature-leaf "The signature of the leaf is wrong." "leaf-flipped int" root $NAME
flip int int-flipped
story bad-signature-intermediate "The signature of the intermediate is wrong." "leaf int-flipped" root $NAME
flip root root-flipped
story bad-signature-root "The signature of the root sent is wrong, but nobody looks at it." "leaf int root-flipped" root $NAME
issue int-rekeyed "/O=Example/CN=Example Issuing CA" root int-new "$INT_SPAN" "$CA_EXT
$AKI"
story issuer-has-other-key "The intermediate sent has the right name but another key; the key identifiers tell." "leaf int-rekeyed" root $NAME
issue plain-leaf "/CN=api.example.test" int leaf "$LEAF_SPAN" "subjectAltName=$SAN
authorityKeyIdentifier=none"
story issuer-has-other-key-silent "The same without an authorityKeyIdentifier." "plain-leaf int-rekeyed" root $NAME
story two-of-one-name "Two intermediates of one name; the second one has the right key." "leaf int-rekeyed int" root $NAME
issue root-rekeyed "/O=Example/CN=Example Root CA" self root-new "$ROOT_SPAN" "$CA_EXT"
story anchor-has-other-key "The trusted root has the right name but another key." "leaf int" root-rekeyed $NAME
issue weak-leaf "/CN=api.example.test" rsa-int weak-leaf:rsa1024 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-key-leaf "An RSA key of 1024 bits in the leaf." "weak-leaf rsa-int" rsa-root $NAME
issue weak-int "/CN=Weak Issuing CA" rsa-root weak-int:rsa1024 "$INT_SPAN" "$CA_EXT
$AKI"
issue leaf-of-weak "/CN=api.example.test" weak-int leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-key-intermediate "An RSA key of 1024 bits in the intermediate." "leaf-of-weak weak-int" rsa-root $NAME
issue p192-leaf "/CN=api.example.test" int p192:p192 "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-key-curve "A key on P-192." "p192-leaf int" root $NAME
MD=sha1 issue sha1-leaf "/CN=api.example.test" rsa-int rsa-leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-signature-sha1 "The leaf is signed over SHA-1." "sha1-leaf rsa-int" rsa-root $NAME
MD=md5 issue md5-leaf "/CN=api.example.test" rsa-int rsa-leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-signature-md5 "The leaf is signed over MD5." "md5-leaf rsa-int" rsa-root $NAME
MD=sha1 issue sha1-root "/CN=Old Root" self rsa-root "$ROOT_SPAN" "$CA_EXT"
issue leaf-of-old "/CN=api.example.test" sha1-root leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story weak-signature-of-root "Only the root is signed over SHA-1, and nobody looks at that." "leaf-of-old sha1-root" sha1-root $NAME

# --- authorities
issue leaf-of-leaf "/CN=evil.example.test" leaf leaf3 "$LEAF_SPAN" "$(leaf_ext DNS:evil.example.test)"
story not-a-ca "A leaf issued a certificate." "leaf-of-leaf leaf int" root name=evil.example.test
issue int-no-sign "/CN=Int without keyCertSign" root int "$INT_SPAN" "basicConstraints=critical,CA:TRUE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash"
issue leaf-no-sign "/CN=api.example.test" int-no-sign leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story no-key-cert-sign "The intermediate's keyUsage lacks keyCertSign: OpenSSL refuses, rustls does not." "leaf-no-sign int-no-sign" root $NAME
issue int-v1 "/CN=Version 1 CA" root int "$INT_SPAN" ""
issue leaf-of-v1 "/CN=api.example.test" int-v1 leaf "$LEAF_SPAN" "subjectAltName=$SAN"
story version-1-intermediate "An intermediate of X.509 version 1 cannot say that it is an authority." "leaf-of-v1 int-v1" root $NAME
issue root-v1 "/CN=Version 1 Root" self root "$ROOT_SPAN" ""
issue leaf-of-root-v1 "/CN=api.example.test" root-v1 leaf "$LEAF_SPAN" "subjectAltName=$SAN"
story version-1-root "A trusted root of X.509 version 1 is taken." leaf-of-root-v1 root-v1 $NAME
issue leaf-v1 "/CN=api.example.test" int leaf "$LEAF_SPAN" ""
story version-1-leaf "A leaf of X.509 version 1: only a common name; rustls refuses." "leaf-v1 int" root $NAME
issue int-len0 "/CN=Int pathlen 0" root int "$INT_SPAN" "basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash"
issue int-below0 "/CN=Int below pathlen 0" int-len0 int2 "$INT_SPAN" "$CA_EXT
$AKI"
issue leaf-below0 "/CN=api.example.test" int-below0 leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story path-too-long "An intermediate with path length 0 issued another one." "leaf-below0 int-below0 int-len0" root $NAME
issue leaf-len0 "/CN=api.example.test" int-len0 leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story path-length-kept "An intermediate with path length 0 issued a leaf, as it may." "leaf-len0 int-len0" root $NAME
issue root-len0 "/CN=Root pathlen 0" self root "$ROOT_SPAN" "basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash"
issue int-of-len0 "/CN=Int of Root pathlen 0" root-len0 int "$INT_SPAN" "$CA_EXT
$AKI"
issue leaf-of-len0 "/CN=api.example.test" int-of-len0 leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story path-too-long-for-root "The path length of the root is exceeded: OpenSSL and Go look, rustls does not." "leaf-of-len0 int-of-len0" root-len0 $NAME
issue root-not-ca "/CN=Root without CA" self root "$ROOT_SPAN" "basicConstraints=critical,CA:FALSE"
issue leaf-of-not-ca "/CN=api.example.test" root-not-ca leaf "$LEAF_SPAN" "subjectAltName=$SAN"
story root-not-a-ca "The trusted root says that it is no authority." leaf-of-not-ca root-not-ca $NAME
issue ca-leaf "/CN=api.example.test" int leaf "$LEAF_SPAN" "$CA_EXT
subjectAltName=$SAN"
story ca-as-leaf "An authority's certificate is used by a server." "ca-leaf int" root $NAME
deep=root
chain=""
for i in 1 2 3 4 5 6 7 8; do
  issue "deep$i" "/CN=Deep $i" "$deep" "deep$i" "$INT_SPAN" "$CA_EXT
$AKI"
  deep=deep$i
  chain="deep$i $chain"
done
issue deep-leaf "/CN=api.example.test" deep8 leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story too-deep "Eight intermediates: rustls follows six." "deep-leaf $chain" root $NAME

# --- name constraints
constrained() { # constrained FILE CONSTRAINT
  issue "$1" "/O=Example/CN=$1" root "$1" "$INT_SPAN" "$CA_EXT
$AKI
nameConstraints=critical,$2"
}
constrained nc-dns "permitted;DNS:example.test"
issue nc-dns-in "/CN=api.example.test" nc-dns leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story name-constraints-kept "The name lies within the constraints." "nc-dns-in nc-dns" root $NAME
issue nc-dns-out "/CN=api.example.org" nc-dns leaf "$LEAF_SPAN" "$(leaf_ext DNS:api.example.test,DNS:api.example.org)"
story name-constraints-broken "One of two names lies outside of what is permitted." "nc-dns-out nc-dns" root $NAME
constrained nc-not "excluded;DNS:api.example.test"
issue nc-not-leaf "/CN=api.example.test" nc-not leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story name-constraints-excluded "The name is excluded." "nc-not-leaf nc-not" root $NAME
constrained nc-ip "permitted;IP:10.0.0.0/255.0.0.0"
issue nc-ip-in "/CN=ten" nc-ip leaf "$LEAF_SPAN" "$(leaf_ext IP:10.1.2.3)"
story name-constraints-address "The address lies within the range." "nc-ip-in nc-ip" root name=10.1.2.3
issue nc-ip-out "/CN=eleven" nc-ip leaf "$LEAF_SPAN" "$(leaf_ext IP:11.1.2.3)"
story name-constraints-address-broken "The address lies outside." "nc-ip-out nc-ip" root name=11.1.2.3
SECTIONS="[tree]
O=Example" constrained nc-dir "permitted;dirName:tree"
issue nc-dir-in "/O=Example/CN=api" nc-dir leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story name-constraints-directory "A constraint on distinguished names that is kept: rustls refuses all such." "nc-dir-in nc-dir" root $NAME
issue nc-dir-out "/O=Stranger/CN=api" nc-dir leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story name-constraints-directory-broken "A constraint on distinguished names that is broken." "nc-dir-out nc-dir" root $NAME
issue root-nc "/CN=Constrained Root" self root "$ROOT_SPAN" "$CA_EXT
nameConstraints=critical,permitted;DNS:example.org"
issue leaf-root-nc "/CN=api.example.test" root-nc leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story name-constraints-of-root "The constraints of the root itself are broken." leaf-root-nc root-nc $NAME

# --- usage
usage() { # usage FILE EXTENSIONS: a leaf with these and a name
  issue "$1" "/CN=api.example.test" int leaf "$LEAF_SPAN" "basicConstraints=CA:FALSE
$AKI
subjectAltName=$SAN
$2"
}
usage eku-client "extendedKeyUsage=clientAuth"
story wrong-usage-server "A server shows a certificate for clients." "eku-client int" root $NAME
story client-good "A client's chain is in order." "eku-client int" root purpose=client
usage eku-server "extendedKeyUsage=serverAuth"
story wrong-usage-client "A client shows a certificate for servers." "eku-server int" root purpose=client
usage eku-any "extendedKeyUsage=anyExtendedKeyUsage"
story any-usage "Only anyExtendedKeyUsage: Go takes it, OpenSSL and rustls do not." "eku-any int" root $NAME
usage eku-none "keyUsage=digitalSignature"
story no-extended-usage "No extendedKeyUsage: anything goes." "eku-none int" root $NAME
usage ku-wrong "keyUsage=critical,dataEncipherment"
story wrong-key-usage "A keyUsage that TLS has no use for: OpenSSL refuses, rustls does not." "ku-wrong int" root $NAME
usage ku-encipher "keyUsage=critical,keyEncipherment"
story key-encipherment "keyEncipherment only: enough for a server." "ku-encipher int" root $NAME
story key-encipherment-client "keyEncipherment only: not enough for a client." "ku-encipher int" root purpose=client
issue int-eku "/CN=Client Issuing CA" root int "$INT_SPAN" "$CA_EXT
extendedKeyUsage=clientAuth
$AKI"
issue leaf-int-eku "/CN=api.example.test" int-eku leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story wrong-usage-intermediate "The intermediate may only issue for clients." "leaf-int-eku int-eku" root $NAME

# --- extensions
usage critical-unknown "1.2.3.4=critical,ASN1:UTF8String:x"
story unknown-critical "A critical extension that nobody knows." "critical-unknown int" root $NAME
usage plain-unknown "1.2.3.4=ASN1:UTF8String:x"
story unknown-not-critical "The same, not critical: nobody minds." "plain-unknown int" root $NAME
usage acme "1.3.6.1.5.5.7.1.31=critical,DER:0420$(printf '%064d' 7)"
story acme-challenge "The answer to an ACME challenge is shown to users." "acme int" root $NAME
usage critical-policy "certificatePolicies=critical,2.23.140.1.2.1"
story critical-policies "Critical policies: rustls refuses, OpenSSL and Go do not." "critical-policy int" root $NAME
usage staple "tlsfeature=status_request"
story must-staple "The server must staple an OCSP response." "staple int" root $NAME
usage bad-ku "2.5.29.15=critical,DER:0500"
story malformed-key-usage "The keyUsage is no bit string." "bad-ku int" root $NAME
usage bad-sct "1.3.6.1.4.1.11129.2.4.2=DER:0400"
story malformed-timestamps "The list of timestamps is broken, which nobody looks at." "bad-sct int" root $NAME
usage bad-ip "2.5.29.17=DER:30078705010203040506"
story malformed-address "An address of five octets." "bad-ip int" root $NAME

sct() { # sct LOG-ID TIME: one timestamp in milliseconds, version 1, a signature that nobody checks
  printf '002f00%s%016x0000040300''00' "$1" "$2"
}
ARGON2026H2=d76d7d10d1a7f577c2c7e95fd700bff982c9335a65e1d0b3017317c0c8c56977
UNKNOWN_LOG=$(printf '%064d' 5)
usage scts "1.3.6.1.4.1.11129.2.4.2=DER:04640062$(sct $ARGON2026H2 1790812800123)$(sct "$UNKNOWN_LOG" 1800000000000)"
story timestamps "A timestamp of a known log, and one of an unknown log that is dated after the capture." "scts int" root $NAME
issue int-critical-unknown "/CN=Critical Issuing CA" root int "$INT_SPAN" "$CA_EXT
1.2.3.4=critical,ASN1:UTF8String:x
$AKI"
issue leaf-of-critical "/CN=api.example.test" int-critical-unknown leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story unknown-critical-intermediate "The intermediate has a critical extension that nobody knows." "leaf-of-critical int-critical-unknown" root $NAME
issue aki-of-other "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext $SAN | grep -v authorityKey)
2.5.29.35=DER:301680140102030405060708090a0b0c0d0e0f1011121314"
story key-identifier-of-another "The leaf names another key of its issuer than the one that signed it." "aki-of-other int" root $NAME
issue policies-required "/CN=Policy Issuing CA" root int "$INT_SPAN" "$CA_EXT
policyConstraints=critical,requireExplicitPolicy:0
$AKI"
issue leaf-of-policies "/CN=api.example.test" policies-required leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story policy-constraints "The intermediate demands policies that the leaf does not have." "leaf-of-policies policies-required" root $NAME
issue nameless "/" self nameless "$INT_SPAN" "$CA_EXT"
issue leaf-of-nameless "/CN=api.example.test" nameless leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story issuer-without-name "The issuer is an empty name." leaf-of-nameless root $NAME
issue long-lived "/CN=api.example.test" int leaf "20261001000000Z 99991231235959Z" "$(leaf_ext $SAN)"
story no-end "Valid until the end of the year 9999, which means that it has no end." "long-lived int" root $NAME
issue int-of-backwards "/O=Example/CN=Backwards CA" root int "$INT_SPAN" "$CA_EXT
$AKI"
issue backwards "/CN=api.example.test" int-of-backwards leaf "20271001000000Z 20261001000000Z" "$(leaf_ext $SAN)"
story ends-before-it-begins "The end of the validity lies before its start." "backwards int-of-backwards" root $NAME

# --- names
issue cn-only "/CN=api.example.test" int leaf "$LEAF_SPAN" "$LEAF_KU
extendedKeyUsage=serverAuth
$AKI"
story common-name-only "Only a common name." "cn-only int" root $NAME
issue wild "/CN=wild" int leaf "$LEAF_SPAN" "$(leaf_ext 'DNS:*.example.test')"
story wildcard "A wildcard covers one label." "wild int" root $NAME
story wildcard-two-labels "A wildcard does not cover two labels." "wild int" root name=a.api.example.test
story wildcard-parent "A wildcard does not cover its parent." "wild int" root name=example.test
issue addresses "/CN=addresses" int leaf "$LEAF_SPAN" "$(leaf_ext 'IP:192.0.2.1,IP:2001:db8::1,DNS:192.0.2.2')"
issue wild-partial "/CN=wild" int leaf "$LEAF_SPAN" "$(leaf_ext 'DNS:a*.example.test')"
story wildcard-partial "A wildcard that is a part of a label covers nothing (RFC 9525)." "wild-partial int" root $NAME
issue wild-middle "/CN=wild" int leaf "$LEAF_SPAN" "$(leaf_ext 'DNS:api.*.test')"
story wildcard-in-the-middle "A wildcard is the first label or none." "wild-middle int" root $NAME
issue idn "/CN=idn" int leaf "$LEAF_SPAN" "$(leaf_ext 'DNS:xn--bcher-kva.example.test')"
story internationalized "An internationalized name in its ASCII form." "idn int" root name=xn--bcher-kva.EXAMPLE.test
issue idn-raw "/CN=idn" int leaf "$LEAF_SPAN" "$(leaf_ext x | sed 's/^subjectAltName=.*/2.5.29.17=DER:301682146ac3bc6e67656e2e6578616d706c652e74657374/')"
story internationalized-raw "An internationalized name in UTF-8, where only ASCII may stand." "idn-raw int" root name=xn--jngen-kva.example.test
issue dotted "/CN=dot" int leaf "$LEAF_SPAN" "$(leaf_ext 'DNS:api.example.test.')"
story name-with-dot "A name with a dot at its end." "dotted int" root $NAME
issue email-only "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext 'email:admin@example.test')"
story email-only "Only an e-mail address: no name that a server can have." "email-only int" root $NAME
issue empty-names "/CN=api.example.test" int leaf "$LEAF_SPAN" "$(leaf_ext x | sed 's/^subjectAltName=.*/2.5.29.17=DER:3000/')"
story names-empty "A subjectAltName without a name." "empty-names int" root $NAME
story address "An IP address is covered." "addresses int" root name=2001:db8::1
story address-as-name "An IP address written as a DNS name covers nothing." "addresses int" root name=192.0.2.2
story other-name "The certificate is for another name." "leaf int" root name=www.example.test
SAN_ONLY="$(leaf_ext $SAN | sed 's/^subjectAltName=/&critical,/')"
issue no-subject "/" int leaf "$LEAF_SPAN" "$SAN_ONLY"
story empty-subject "An empty subject beside a critical subjectAltName, as it should be." "no-subject int" root $NAME
MASK=default issue int-printable "/O=Example/CN=Example Issuing CA" root int "$INT_SPAN" "$CA_EXT
$AKI"
MASK=pkix issue root-printable "/O=Example/CN=Example Root CA" self root "$ROOT_SPAN" "$CA_EXT"
issue int-of-printable "/O=Example/CN=Example Issuing CA" root-printable int "$INT_SPAN" "$CA_EXT
$AKI"
story name-in-other-encoding "The issuer's name is a PrintableString here and a UTF8String there: OpenSSL takes it." "leaf int-of-printable root" root $NAME

# --- cross-signs and loops
issue old-root "/CN=Old Root CA" self old-root "20000101000000Z 20260101000000Z" "$CA_EXT"
issue root-by-old "/O=Example/CN=Example Root CA" old-root root "20200101000000Z 20251231000000Z" "$CA_EXT
$AKI"
story expired-cross-sign "An expired cross-sign is sent; the root itself is trusted, so nothing is wrong." "leaf int root-by-old" root $NAME
story expired-cross-sign-only "Only the old, expired root is trusted." "leaf int root-by-old" old-root $NAME
story expired-cross-sign-both "Both roots are trusted, the old one has expired." "leaf int root-by-old" "old-root root" $NAME
issue new-root "/CN=New Root CA" self new-root "$ROOT_SPAN" "$CA_EXT"
issue new-root-by-root "/CN=New Root CA" root new-root "$INT_SPAN" "$CA_EXT
$AKI"
issue new-int "/CN=New Issuing CA" new-root new-int "$INT_SPAN" "$CA_EXT
$AKI"
issue new-leaf "/CN=api.example.test" new-int leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story cross-sign "A new root, signed by the old one that the client knows." "new-leaf new-int new-root-by-root" root $NAME
story cross-sign-not-needed "The client knows the new root by now." "new-leaf new-int new-root-by-root" new-root $NAME
story cross-sign-missing "The cross-sign was forgotten, and the client knows the old root only." "new-leaf new-int" root "$NAME known=new-root-by-root"
issue loop-seed "/CN=Loop A" self loop-a "$ROOT_SPAN" "$CA_EXT"
issue loop-b "/CN=Loop B" loop-seed loop-b "$ROOT_SPAN" "$CA_EXT
$AKI"
issue loop-a "/CN=Loop A" loop-b loop-a "$ROOT_SPAN" "$CA_EXT
$AKI"
issue loop-leaf "/CN=api.example.test" loop-a leaf "$LEAF_SPAN" "$(leaf_ext $SAN)"
story loop "Two authorities signed each other." "loop-leaf loop-a loop-b" root $NAME
issue root-again "/O=Example/CN=Example Root CA" self root "20240101000000Z 20440101000000Z" "$CA_EXT"
story root-renewed "The root was renewed with the same key; the client has the older certificate." "leaf int root-again" root $NAME
story intermediate-trusted "The intermediate itself is the anchor." "leaf int" int $NAME
story leaf-pinned "The leaf itself is the anchor, though an authority issued it." leaf leaf $NAME

# --- broken
printf 'no certificate at all' >der
pem der garbage
story garbage-leaf "The first certificate is no DER." "garbage int" root $NAME
story garbage-behind "Behind a good chain comes something that is no DER." "leaf int garbage" root $NAME
openssl x509 -in leaf.crt -outform der | head -c 300 >der
pem der cut
story cut-leaf "The leaf is cut off after 300 bytes." "cut int" root $NAME
{
  openssl x509 -in leaf.crt -outform der
  printf 'xx'
} >der
pem der trailing
story trailing-bytes "Two bytes follow the leaf." "trailing int" root $NAME

echo "$count stories"

# --- stapled responses: testdata/ocsp. The openssl command cannot fix their times, so the tests
# count from the time at which each was made.
ocsp=$here/../ocsp
mkdir -p "$ocsp"
issue responder "/CN=Responder" int responder "$INT_SPAN" "keyUsage=digitalSignature
extendedKeyUsage=OCSPSigning
noCheck=ignored
$AKI"
issue stranger "/CN=Stranger" int stranger "$INT_SPAN" "keyUsage=digitalSignature
$AKI"
number=$(openssl x509 -in leaf.crt -noout -serial | cut -d= -f2)
openssl ocsp -issuer int.crt -cert leaf.crt -no_nonce -reqout request.der
answer() { # answer NAME INDEXLINE SIGNER
  printf '%b' "$2" >index.ocsp
  openssl ocsp -index index.ocsp -CA int.crt -rsigner "$3.crt" \
    -rkey "keys/$(cat "$3.keyname").key" -reqin request.der -respout "$ocsp/$1.der" -ndays 7 \
    ${4:-} 2>/dev/null
}
valid="V\t271001000000Z\t\t$number\tunknown\t/CN=api.example.test\n"
answer good "$valid" int -resp_no_certs
answer revoked "R\t271001000000Z\t261105000000Z,keyCompromise\t$number\tunknown\t/CN=api.example.test\n" int -resp_no_certs
answer unknown "" int -resp_no_certs
answer delegated "$valid" responder
answer unauthorized "$valid" stranger
cp leaf.crt "$ocsp/leaf.pem"
cp int.crt "$ocsp/issuer.pem"
echo "Stapled OCSP responses about leaf.pem, made by \`testdata/certs/make.sh\`; CC0." >"$ocsp/README.md"
