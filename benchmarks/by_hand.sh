#!/bin/sh
# The work of one step, done by hand: an agent's edit in a hardened container, the changed file of base and head scanned
# with the same tools, the tests in a second fresh container, a signed and fsynced commit.
# Usage: by_hand.sh REPOSITORY IMAGE STEPS SIGNING_KEY
set -eu
repository=$1 image=$2 steps=$3 key=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sandbox() {
    docker run -i --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges --pids-limit 128 \
        --memory 1g --memory-swap 1g --cpus 1 --user 65534:65534 --log-driver none --ipc none \
        --tmpfs /tmp:rw,nosuid,nodev,size=64m,nr_inodes=10000 \
        --tmpfs /work:rw,nosuid,nodev,exec,size=256m,nr_inodes=50000,mode=0777 \
        --workdir /work --entrypoint /bin/sh "$image" -c "$1"
}
git -C "$repository" config gpg.format ssh
git -C "$repository" config user.signingkey "$key"
git -C "$repository" config core.fsync all
n=1
while [ "$n" -le "$steps" ]; do
    file="src/module_$n.py"
    base=$scratch/base head=$scratch/head
    rm -rf "$base" "$head"
    mkdir "$base" "$head"
    git -C "$repository" archive HEAD | tee "$scratch/base.tar" | tar -x -C "$base"
    sandbox "tar -x -o && printf 'def added():\n    return $n\n' >> $file && tar -c src" < "$scratch/base.tar" > "$scratch/out.tar"
    tar -x -C "$head" -f "$scratch/base.tar"
    tar -x -C "$head" -f "$scratch/out.tar"
    ruff check --isolated --ignore-noqa --no-cache --select S,E9 --quiet "$base/$file"
    ruff check --isolated --ignore-noqa --no-cache --select S,E9 --quiet "$head/$file"
    bandit --quiet --ignore-nosec "$base/$file" > /dev/null 2>&1
    bandit --quiet --ignore-nosec "$head/$file" > /dev/null 2>&1
    tar -c -C "$head" . | sandbox "tar -x -o && python3 -B -m unittest discover -q -s tests -t ." > /dev/null 2>&1
    cp "$head/$file" "$repository/$file"
    git -C "$repository" add -- "$file"
    git -C "$repository" commit --quiet -S -m "Step $n"
    n=$((n + 1))
done
