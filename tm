#!/usr/bin/env bash
# Runs one console command in a running node: bash and one TCP connection, because a JVM per command would cost more than
# the command. How the two talk is written in docs/formats/tm.md.
set -u
shopt -s checkwinsize
here=${BASH_SOURCE[0]%/*}
[[ ${BASH_SOURCE[0]} == */* ]] || here=.

usage() {
    cat <<'TEXT'
Usage: tm [--node NAME | --data DIR] [--json] COMMAND [ARGUMENT...]
       tm [--node NAME | --data DIR] --offline COMMAND [ARGUMENT...]
Runs one console command in a running node, as: tm image:list

  --node NAME   the node (default: a)
  --data DIR    its data directory (default: data/NAME; TIDEMARK_DATA in the environment stands for data)
  --json        adds --json to the command: output for machines
  --serving     instead of a command: says whether the node serves
  --offline     asks no node: journal:inspect, journal:verify and journal:repair of an image that no node has open,
                as: tm --offline journal:verify vm1 (tm --offline --help tells more)

Exit status: 0 success; 1 the command failed; 2 no such command or option; 3 the node is starting or stopping; 4 no node
runs there; 5 mirror:verify found something different; 6 it found nothing that it could compare.
`tm help` lists the commands.
TEXT
}

fail() { # STATUS TEXT
    printf 'tm: %s\n' "$2" >&2
    exit "$1"
}

# An empty value is one that a script lost on its way: what is left out means another node.
value() { # OPTION VALUE
    [[ -n $2 ]] || fail 2 "$1: its value is empty; leave $1 out for the default"
    case $1 in --node) node=$2 ;; --data) data=$2 ;; esac
}

# Journals that no node has open are looked at without one; in the source tree, with what ./run built last.
offline() {
    local tool=$here/tidemark-journal home='' distribution
    if [[ ! -x $tool ]]; then
        for distribution in "$here"/karaf-assembly/target/distributions/*/; do
            [[ -d $distribution && $distribution != *.new/ ]] || continue
            [[ -n $home && $home -nt $distribution ]] || home=$distribution
        done
        [[ -n $home ]] || fail 3 "nothing is built yet: ./run builds it"
        home=${home%/} tool=$here/karaf-assembly/src/main/resources/bin/tidemark-journal
        export TIDEMARK_HOME=$home
    fi
    TIDEMARK_PROGRAM='tm --offline' exec "$tool" --data "$data" "$@"
}

# Whoever names a node means no other one, as in ./run: DIR says whose it is.
named() {
    local owner
    owner=$(sed -n 's/^node *= *//p' "$data/etc/node.properties" 2>/dev/null | head -1)
    [[ -z $owner || $owner == "$node" ]] \
        || fail 2 "$data is the data directory of node $owner: say --node $owner, or another --data"
}

node='' data='' serving='' json='' offline=''
while (($# > 0)); do
    case $1 in
        --node) (($# > 1)) || fail 2 "--node: a name is missing"; value "$1" "$2"; shift 2 ;;
        --data) (($# > 1)) || fail 2 "--data: a directory is missing"; value "$1" "$2"; shift 2 ;;
        --node=* | --data=*) value "${1%%=*}" "${1#*=}"; shift ;;
        --json) json=yes; shift ;;
        --serving) serving=yes; shift ;;
        --offline) offline=yes; shift ;;
        -h | --help) [[ -n $offline ]] && break; usage; exit 0 ;;
        --) shift; break ;;
        -*) fail 2 "unknown option $1 (tm --help lists them; a command's own options follow the command)" ;;
        *) break ;;
    esac
done
if [[ -z $serving ]] && (($# == 0)); then
    usage >&2
    exit 2
fi
# Behind the command's name: behind its words might be behind a --, which ends its options.
[[ -z $json ]] || set -- "${@:1:1}" --json "${@:2}"
if [[ -z $data ]]; then
    base=${TIDEMARK_DATA:-}
    if [[ -z $base ]]; then
        if [[ -f $here/run ]]; then base=$here/data; else base=data; fi
    fi
    data=$base/${node:-a}
fi
[[ -z $node ]] || named

# Another account than the node's sees no lock, and may not even see that there is a directory.
readable() {
    local path=$data
    while [[ ! -e $path && $path == */* ]]; do path=${path%/*}; done
    [[ ! -d $path || (-x $path && (-r $path || $path != "$data")) ]] \
        || fail 1 "$path cannot be read: be its owner ($(stat -c %U "$path")), or root"
}

# Nobody listens. A process that holds the data directory's lock is a node on its way up or down.
nobody() {
    [[ -d $data ]] || fail 4 "no node: $data does not exist; ./run --node NAME or --data DIR starts one"
    if flock -sn "$data" true; then
        fail 4 "no node runs on $data; ./run starts one"
    fi
    # It may have said so just now.
    { read -r port token <"$data/tm"; } 2>/dev/null
    if [[ $port == stopping ]]; then
        printf 'stopping: the node on %s takes no commands any more\n' "$data" >&2
        exit 3
    fi
    printf 'starting: the node on %s does not take commands yet\n' "$data" >&2
    exit 3
}

[[ -z $offline ]] || offline "$@"
readable

port='' token=''
{ read -r port token <"$data/tm"; } 2>/dev/null
if [[ -z $port || -z $token ]]; then
    if [[ -e $data/tm && ! -r $data/tm ]]; then
        fail 1 "$data/tm cannot be read: only the node's owner may give commands"
    fi
    nobody
fi
# One that was killed leaves its file, and another process may have its port: that would be told the token, and may never answer.
flock -sn "$data" true && nobody
{ exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || nobody

columns=0
if [[ -t 1 ]]; then
    (:) # after a child, bash knows the window's size
    columns=${COLUMNS:-80}
fi
input=-
[[ -t 0 ]] && input=t

trap '' PIPE
LC_ALL=C # from here on, lengths are bytes
request="TM1 $token $columns $input $#"$'\n'"${#PWD}"$'\n'"$PWD"
for argument in "$@"; do
    request+=${#argument}$'\n'$argument
done
printf '%s' "$request" >&3 2>/dev/null || fail 1 "the node on $data closed the connection"
unset LC_ALL

trap 'exit 130' INT
trap - PIPE
while IFS=' ' read -r -u 3 kind value; do
    [[ $value =~ ^[0-9]{1,8}$ ]] || fail 1 "the node's answer is not understood: $kind $value"
    case $kind in
        o) head -c "$value" <&3 || exit 1 ;;
        e) head -c "$value" <&3 >&2 ;;
        q)
            head -c "$value" <&3 >&2
            if IFS= read -r line; then
                LC_ALL=C
                printf 'a %d\n%s' "${#line}" "$line" >&3
                unset LC_ALL
            else
                printf 'n\n' >&3
            fi
            ;;
        x) exit "$value" ;;
        *) fail 1 "the node's answer is not understood: $kind $value" ;;
    esac
done
fail 1 "the node on $data ended the connection before the command was done; its log is $data/karaf/log/karaf.log"
