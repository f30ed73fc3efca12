# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what the tour has set, and what it reads
# Sourced by tour: the second half of the story. Two more nodes follow the image, one at once and one an hour behind; a command goes wrong,
# a site burns down, its replica takes over, and the site comes back.

story_of_replicas() {
    near_uri=nbd://127.0.0.1:$((port + 2))/vm1
    late_uri=nbd://127.0.0.1:$((port + 4))/vm1
    more_sites
    two_replicas
    if [[ $mount == yes ]]; then accident_with_mount; else accident_without_mount; fi
    fire
    if [[ $mount == yes ]]; then losses_with_mount; else losses_without_mount; fi
    way_back
}

await() { # WHAT COMMAND: shows nothing, and gives up after a minute
    local deadline=$((SECONDS + 60))
    until eval "$2" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || give_up "$1 did not come to be within a minute"
        sleep 0.2
    done
}

is() { # NODE TEXT: what the status of vm1 there says to machines
    ./tm --data "$1" mirror:status vm1 --json | grep -q "$2"
}

await_near() { # until near shows all that the primary has now, though more may come meanwhile
    local last
    last=$(./tm --data "$work" image:info vm1 --json | sed -n 's/.*"durable": \([0-9]*\).*/\1/p' | head -1)
    [[ $last =~ ^[0-9]+$ ]] || give_up "image:info does not say what is durable"
    await "near with all of it" "(( \$(./tm --data $near mirror:status vm1 --json | sed -n 's/.*\"head\": \([0-9]*\).*/\1/p') >= $last ))"
}

add_peer() { # NAME DIRECTORY PORT
    run "./tm --data $2 mirror:peer-add tour --key \$(./tm --data $work mirror:key | head -1)"
    run "./tm --data $work mirror:peer-add $1 127.0.0.1:$3 --key \$(./tm --data $2 mirror:key | head -1)"
}

more_sites() {
    chapter "Two more sites"
    tell "A replica is an image on another node that follows this one. Two more nodes stand for two more sites here: near and late."
    run "./run --node near --data $near --nbd $((port + 2)) --background"
    run "./run --node late --data $late --nbd $((port + 4)) --background"
    tell "Nodes know each other by their keys; each has to add the other one."
    add_peer near "$near" $((port + 3))
    add_peer late "$late" $((port + 5))
    await "a link with both" "[[ \$(./tm --data $work mirror:peer-list --json | grep -c '\"linked\": true') == 2 ]]"
    run "./tm --data $work mirror:peer-list"
}

two_replicas() {
    chapter "A live replica and a late one"
    tell "Near is to follow at once. Late receives at once, too, so that it loses nothing, but its image stays an hour behind."
    run "./tm --data $work mirror:enable vm1 --to near"
    run "./tm --data $work mirror:enable vm1 --to late --delay 1h"
    await "the copy at near" "is $near '\"state\": \"up_to_date\"'"
    await "the copy at late" "is $late '\"state\": \"up_to_date\"'"
    run "./tm --data $work mirror:status"
}

# --- an accident -----------------------------------------------------------------------------------------------------------
accident_with_mount() {
    chapter "An unlucky command"
    tell "A database goes to work on the disk, and each order that it has committed is noted outside. Meanwhile somebody means another directory."
    attach "$scratch/disk" "$uri"
    mount_disk "$scratch/disk" "$scratch/mnt"
    take_orders "$scratch/mnt/shop.db"
    run "rm -rf $scratch/mnt/d1*"
    run "sync -f $scratch/mnt"
    await_near
    tell "The live replica has obeyed already. The late one has received it, and does not show it yet:"
    run "./tm --data $late mirror:status"
    attach "$scratch/past" "$late_uri" -r
    mount_disk "$scratch/past" "$scratch/back" ro,noload
    run "cp -a $scratch/back/d1* $scratch/mnt/"
    run "sync -f $scratch/mnt"
    run "(cd $scratch/mnt && sha256sum --quiet -c) <$scratch/sums && echo all $files are right again"
    run "umount $scratch/back"
    tell "Late has done its duty."
    run "./run --data $late --stop"
}

take_orders() { # DATABASE
    : >"$scratch/orders"
    sqlite3 "$1" 'CREATE TABLE orders (number INTEGER PRIMARY KEY, what TEXT)' || give_up "sqlite3 cannot write"
    show "(commit orders to $1, one after the other) &"
    (
        for ((i = 1; ; i++)); do
            sqlite3 "$1" "PRAGMA synchronous=FULL; INSERT INTO orders VALUES ($i, hex(randomblob(500)))" 2>/dev/null || exit
            echo "$i" >>"$scratch/orders"
        done
    ) 5>&- &
    writer=$!
}

accident_without_mount() {
    chapter "An unlucky command"
    tell "Somebody means another disk, and writes zeros over the beginning of this one."
    run "truncate -s 64M $scratch/nothing && nbdcopy --flush $scratch/nothing $uri"
    await_near
    tell "The live replica has obeyed already. The late one has received it, and does not show it yet:"
    run "./tm --data $late mirror:status"
    run "nbdcopy $late_uri $scratch/past"
    run "head -c 256M $scratch/past >$scratch/filesystem && e2fsck -fn $scratch/filesystem"
    run "nbdcopy --flush $scratch/past $uri"
    run "nbdcopy $uri $scratch/back && cmp $scratch/past $scratch/back && echo all of it is there again"
    tell "Late has done its duty. A program goes on writing and notes each write that has returned."
    run "./run --data $late --stop"
    : >"$scratch/orders"
    show "$python $scratch/writer.py $uri $scratch/orders &"
    "$python" "$scratch/writer.py" "$uri" "$scratch/orders" 2>"$scratch/writer.err" 5>&- &
    writer=$!
    await "some writes" "[[ \$(wc -l <$scratch/orders) -ge 20 ]]"
}

# --- a fire ----------------------------------------------------------------------------------------------------------------
fire() {
    chapter "A fire"
    tell "The site of the primary burns down, in the middle of writing. What near had received is what is left."
    kill_node
    end_of_writer
    end_of_mounts
    tell "Acknowledged by then: $(wc -l <"$scratch/orders")."
    run "./tm --data $near mirror:status"
    tell "Nobody can ask the primary whether near has everything, so near takes over only by force."
    run "./tm --data $near mirror:promote vm1 --force --yes"
}

count_losses() { # ACKNOWLEDGED MISSING
    if (($2 == 0)); then
        tell "Of $1 that were acknowledged, none is missing: near had received all of them."
    else
        tell "Of $1 that were acknowledged, $2 are missing: they were durable at the primary and had not reached near when it burnt. Without waiting for a replica there is always such a moment."
    fi
}

losses_with_mount() {
    chapter "What is left"
    attach "$scratch/disk" "$near_uri"
    mount_disk "$scratch/disk" "$scratch/mnt"
    run "(cd $scratch/mnt && sha256sum --quiet -c) <$scratch/sums && echo all $files are right"
    run "sqlite3 $scratch/mnt/shop.db 'PRAGMA integrity_check'"
    run "sqlite3 $scratch/mnt/shop.db 'SELECT number FROM orders ORDER BY number' >$scratch/found"
    # Those that are there have no gaps between them: near is a moment of the primary, and no mixture.
    [[ $(wc -l <"$scratch/found") == "$(tail -n 1 "$scratch/found")" ]] || give_up "orders are missing between others"
    count_losses "$(wc -l <"$scratch/orders")" "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$scratch/orders") <(LC_ALL=C sort "$scratch/found") | wc -l)"
    tell "Work goes on at near."
    run "sqlite3 $scratch/mnt/shop.db \"INSERT INTO orders VALUES (1000000, 'the first one after the fire')\""
    run "umount $scratch/mnt"
    end_of_mounts
}

losses_without_mount() {
    chapter "What is left"
    run "nbdcopy $near_uri $scratch/back"
    run "head -c 256M $scratch/back >$scratch/filesystem && e2fsck -fn $scratch/filesystem"
    count_losses "$(wc -l <"$scratch/orders")" "$(missing_writes "$scratch/orders" "$scratch/back")"
    tell "Work goes on at near."
    run "head -c 1M /dev/urandom >$scratch/after && nbdcopy --flush $scratch/after $near_uri"
}

# --- and back --------------------------------------------------------------------------------------------------------------
way_back() {
    chapter "And back"
    tell "The burnt site comes back. Its image is a primary still, and may have what near never received: a branch of its own, which nobody throws away by himself. Here nothing of it is needed, so it begins anew as a replica of near."
    run "./run --data $work --background"
    await "a link with near" "./tm --data $work mirror:peer-list --json | grep -q '\"linked\": true'"
    run "./tm --data $work mirror:resync vm1 --from near --discard --yes"
    await "the copy" "is $work '\"state\": \"up_to_date\"'"
    tell "Both sides were compared by checksums, and only what differs was sent. Near's log says how much that was:"
    run "grep -o \"the copy of 'vm1' is whole, .* that were compared\" $near/karaf/log/karaf.log | tail -n 1"
    tell "Then both change places, without losing a write. Nothing is copied for that: only what one side lacks is sent."
    run "./tm --data $near mirror:switch vm1 --to tour --yes"
    run "./tm --data $work mirror:verify vm1 --with near"
    run "./tm --data $work mirror:status vm1"
}
