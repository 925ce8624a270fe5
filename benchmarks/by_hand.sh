#!/bin/sh
# The work of one step, as a careful person would script it: an agent's edit in a hardened container, the changed file
# scanned on both sides with the same tools, the tests in a second fresh container, a signed and fsynced commit.
# Usage: by_hand.sh REPOSITORY IMAGE STEPS SIGNING_KEY
# Any failure, a finding among them, ends it: each command that must succeed stands alone, in no pipe.
set -eu
repository=$1 image=$2 steps=$3 key=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
base=$scratch/base head=$scratch/head
sandbox() {
    docker run -i --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges --pids-limit 128 \
        --memory 1g --memory-swap 1g --cpus 1 --user 65534:65534 --log-driver none --ipc none \
        --ulimit nofile=1024 --ulimit core=0 --ulimit fsize=268435456 \
        --tmpfs /tmp:rw,nosuid,nodev,exec,size=64m,nr_inodes=12500,mode=1777 \
        --tmpfs /work:rw,nosuid,nodev,exec,size=192m,nr_inodes=37500,mode=0755,uid=65534,gid=65534 \
        --workdir /work --entrypoint /bin/sh "$image" -c "$1"
}
scan() {
    ruff check --isolated --ignore-noqa --no-cache --select S,E9,PLE25,PLC24 --quiet "$1"
    bandit --quiet --ignore-nosec "$1"
}
git -C "$repository" config gpg.format ssh
git -C "$repository" config user.signingkey "$key"
git -C "$repository" config core.fsync committed
n=1
while [ "$n" -le "$steps" ]; do
    file="src/module_$n.py"
    rm -rf "$base" "$head"
    mkdir "$base" "$head"
    git -C "$repository" archive -o "$scratch/base.tar" HEAD
    edit="tar -x && printf '\n\ndef added():\n    return $n\n' >> $file && tar -c src"
    sandbox "$edit" < "$scratch/base.tar" > "$scratch/src.tar"
    tar -x -C "$base" -f "$scratch/base.tar"
    tar -x -C "$head" -f "$scratch/base.tar"
    tar -x -C "$head" -f "$scratch/src.tar"
    scan "$base/$file"
    scan "$head/$file"
    tar -c -C "$head" -f "$scratch/head.tar" .
    sandbox "tar -x --no-overwrite-dir && python -B -m unittest discover -s tests -t ." < "$scratch/head.tar"
    cp "$head/$file" "$repository/$file"
    git -C "$repository" add -- "$file"
    git -C "$repository" commit --quiet -S -m "Step $n"
    n=$((n + 1))
done
