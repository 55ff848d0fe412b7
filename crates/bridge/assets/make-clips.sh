#!/bin/sh
# Makes the built-in clips again: ./make-clips.sh (needs espeak-ng and sox).
# espeak-ng reads unpointed Hebrew badly, so it is given the sounds instead of the letters.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

say() { # gender, variant, pitch, name, sounds
    mkdir -p "clips/$1"
    espeak-ng -v "he+$2" -s 155 -p "$3" "$5" -w "$work/clip.wav"
    sox "$work/clip.wav" -t ul -r 8000 -c 1 "$work/clip.ul" norm -6 highpass 200 lowpass 3400 \
        silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse pad 0.1 0.12
    # Whole frames of 160 bytes.
    size=$(($(wc -c <"$work/clip.ul") / 160 * 160))
    head -c "$size" "$work/clip.ul" >"clips/$1/$4.ulaw"
}

again="[[efS'aQ\" lehitkaS'eQ\" S'uv be?'od k'ama dak'ot]]."
for gender in female male; do
    if [ "$gender" = male ]; then
        variant=m3 pitch=40 transferring="ma?av'iQ\""
    else
        variant=f3 pitch=60 transferring="ma?aviQ\"'a"
    fi
    say "$gender" $variant $pitch apology "[[sliX'a]], [[j'eS takal'a zman'it]]. [[efS'aQ\" lenas'ot S'uv be?'od Q\"'ega]]."
    say "$gender" $variant $pitch no-place "[[k'ol hakav'im tfus'im kaQ\"'ega]]. $again"
    say "$gender" $variant $pitch transferring "[[Q\"'ega eX'ad]], [[an'i $transferring et hasiX'a]]."
done
