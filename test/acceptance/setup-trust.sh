#!/bin/sh
# What `regctl setup trust` and `regctl setup mirror` promise, as commands with the exit codes that they must have. Prints
# one line for each check; ends with 1 when one failed.
#
# Needs what setup-checks.sh says; the host's certs.d is taken away, too. Besides:
#   REGISTRY  speaks TLS; its certificate is signed by CA and names that host
#   CA        a PEM file with the authority; STRANGER: one with another authority
#   BROKEN    host:port of a registry whose certificate has expired
#   MIRROR    URL of a registry that speaks plain HTTP
set -u
: "${CA:?}" "${STRANGER:?}" "${BROKEN:?}" "${MIRROR:?}"
certs=/etc/docker/certs.d
. "$(dirname "$0")/setup-checks.sh"

verifies="docker pull $REGISTRY/no/such:1 2>&1 | grep -Eq 'not found|unknown: '"
print() { openssl x509 -noout -fingerprint -sha256 -in "$1" | sed 's/.*=//; s/://g' | tr A-F a-f; }
clear_host "$json" "$certs"

heading "What is asked, and what is refused"
run 2 "a network has no certificate" setup trust 10.0.0.0/8 $(on)
run 2 "a fingerprint that is none" setup trust "$REGISTRY" --fingerprint 12:34 $(on)
run 2 "--cert without --key" setup trust "$REGISTRY" --cert "$CA" $(on)
run 1 "a file that is not there" setup trust "$REGISTRY" --ca /no/such.pem $(on)
run 2 "an unknown engine" setup trust "$REGISTRY" --ca "$CA" --engine nothing $(on)
run 2 "without a terminal the certificate is not taken" setup trust "$REGISTRY" $(on)
says "and its fingerprint is named with the flag" '--fingerprint sha256:[0-9a-f]{64}'
run 2 "--yes does not answer that" setup trust "$REGISTRY" --yes $(on)
run 3 "another fingerprint" setup trust "$REGISTRY" --fingerprint "sha256:$(print "$STRANGER")" $(on)
says "what was seen is said" 'Seen: sha256:'
run 3 "an authority that did not sign it" setup trust "$REGISTRY" --ca "$STRANGER" $(on)
run 3 "a certificate that no authority cures" setup trust "$BROKEN" --ca "$CA" $(on)
says "with the reason" 'it expired at'
says "and how it is issued anew" 'openssl req .*subjectAltName='
there "nothing was changed" "[ ! -e $certs ] && [ ! -e $json ]"

heading "Plan"
run 10 "--dry-run --exit-code: pending" setup trust "$REGISTRY" --ca "$CA" --dry-run --exit-code $(on)
says "shows the certificate" "sha256:$(print "$CA")"
says "shows where it goes" "^\+\+\+ $certs/"
says "shows the proof" 'over TLS that verifies'
run 0 "--print" setup trust "$REGISTRY" --ca "$CA" --print $(on)
says "is for pasting" '^printf .*BEGIN CERTIFICATE.* \| sudo tee '
there "and changes nothing" "[ ! -e $certs ]"

heading "Trust"
before=$($THERE "$state" </dev/null)
there "the engine does not trust it yet" "! { $verifies; }"
run 0 "setup trust" setup trust "$REGISTRY" --ca "$CA" --json $(on)
says "proved" '"proved": ?true'
says "without a reload" '"applied": ?"none"'
there "the engine trusts it" "$verifies"
[ "$($THERE "$state" </dev/null)" = "$before" ]
verdict "the same daemon, the same containers" $?
run 0 "a second run has nothing to do" setup trust "$REGISTRY" --ca "$CA" --json $(on)
says "for it is trusted" '"nothing": ?"trusted"'
run 0 "setup status shows it" setup status "$REGISTRY" $(on)
says "with its fingerprint" "sha256:$(print "$CA")"
run 0 "setup undo" setup undo "$REGISTRY" $(on)
there "nothing is left" "[ ! -e $certs ]"
there "the engine does not trust it any more" "! { $verifies; }"

heading "In place of an insecure entry"
run 0 "setup insecure" setup insecure "$REGISTRY" $(on)
there "the engine lists it" "$(lists)"
run 0 "setup trust" setup trust "$REGISTRY" --ca "$CA" $(on)
there "the engine lists it no more" "! $(lists)"
there "and trusts it" "$verifies"
run 0 "setup undo" setup undo "$REGISTRY" $(on)
there "the files are as they were before both" "[ ! -e $certs ] && [ ! -e $json ]"
$THERE "echo '{ \"insecure-registries\" : [\"$REGISTRY\"] }' >$json; systemctl reload docker; sha256sum <$json >/tmp/acceptance.sum" </dev/null
run 2 "somebody else's entry is asked about" setup trust "$REGISTRY" --ca "$CA" $(on)
run 0 "and --yes is the answer" setup trust "$REGISTRY" --ca "$CA" --yes $(on)
there "it is gone" "! $(lists)"
run 0 "undo of the trust alone" setup undo "$REGISTRY" --kind trust $(on)
there "brings it back byte for byte" "sha256sum <$json | cmp -s - /tmp/acceptance.sum"
there "also in the engine" "$(lists)"
$THERE "echo '{ \"insecure-registries\" : [] }' >$json; systemctl reload docker; rm -f $json /tmp/acceptance.sum" </dev/null

heading "Mirror"
run 2 "a mirror is a URL" setup mirror "${MIRROR#*://}" $(on)
run 3 "Docker's engine has mirrors of Docker Hub alone" setup mirror "$MIRROR" --for quay.io $(on)
says "with the reason" 'Docker Hub alone'
run 0 "setup mirror" setup mirror "$MIRROR" --json $(on)
says "by reload" '"applied": ?"reload"'
says "proved" '"proved": ?true'
there "the engine has it" "docker info --format '{{json .RegistryConfig.Mirrors}}' | grep -Fq '$MIRROR/'"
run 0 "a second run has nothing to do" setup mirror "$MIRROR" --json $(on)
says "for it is there" '"nothing": ?"already"'
run 0 "setup status shows it" setup status $(on)
says "as a mirror" "asks the mirror $MIRROR/"
run 0 "undo of another kind" setup undo "$MIRROR" --kind trust --json $(on)
says "changes nothing" '"changed": ?false'
run 0 "setup undo" setup undo "$MIRROR" $(on)
there "the engine forgot it" "! docker info --format '{{json .RegistryConfig.Mirrors}}' | grep -Fq '$MIRROR/'"
there "the file that was not there is not there" "[ ! -e $json ]"
[ "$($THERE "$state" </dev/null)" = "$before" ]
verdict "the same daemon, the same containers" $?

report
