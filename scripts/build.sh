# shellcheck shell=bash
# shellcheck disable=SC2154 # root and program are the caller's
# Sourced by every script that builds or needs what a build needs: finds that, and builds the distribution.
# `root` has to be set to the top of the tree, `program` to the name that messages start with.

assembly=$root/karaf-assembly/target/assembly
distributions=$root/karaf-assembly/target/distributions

fail() { # TEXT [STATUS]
    printf '%s: %s\n' "$program" "$1" >&2
    exit "${2:-1}"
}

say() { printf '%s: %s\n' "$program" "$*" >&2; }

is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

have() { # PROGRAM...
    local one
    for one in "$@"; do command -v "$one" >/dev/null || return; done
}

# Where no dpkg is, packages have other names: what counts there is what they bring.
is_installed() { # PACKAGE
    if have dpkg-query; then
        [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == *"ok installed" ]]
        return
    fi
    case $1 in
        libnbd-bin) have nbdcopy nbdinfo ;;
        python3-libnbd) "${python:-python3}" -c 'import nbd' 2>/dev/null ;;
        e2fsprogs) have mke2fs e2fsck debugfs ;;
        fuse3) have fusermount3 nbdfuse ;;
        iproute2) have ip ;;
        qemu-utils) have qemu-img qemu-io qemu-nbd ;;
        util-linux) have flock ;;
        xfsprogs) have mkfs.xfs ;;
        *) have "$1" ;;
    esac
}

# Installs Debian packages that are missing, as root; else names them.
need_packages() { # PACKAGE...
    local package missing=() log
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    if is_debian && ((EUID == 0)); then
        say "installing ${missing[*]}"
        # A name that nobody guesses: root would write where somebody's link of that name leads.
        log=$(mktemp /tmp/tidemark-apt-XXXXXXXX.log) || fail "cannot write to /tmp: is it full?"
        (apt-get install -y --no-install-recommends "${missing[@]}" \
            || { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; }) >"$log" 2>&1 \
            || fail "apt-get could not install ${missing[*]}: see $log"
        rm -f "$log"
    else
        fail "missing: ${missing[*]} (as root on Debian: apt-get install ${missing[*]})"
    fi
}

# A JDK's file says it at once; to ask the compiler takes longer than anything else here, and a start asks each time.
javac_version() { # JAVAC
    local real version
    real=$(readlink -f "$1")
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "${real%/bin/*}/release" 2>/dev/null)
    [[ -n $version ]] || version=$("$1" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
    printf '%s' "$version"
}

# Sets JAVA_HOME to a JDK from 17 to 23: what Karaf runs on, and what compiles for 17.
find_jdk() {
    local javac version
    for javac in ${JAVA_HOME:+"$JAVA_HOME/bin/javac"} "$(readlink -f "$(command -v javac || echo /)")" /usr/lib/jvm/*17*/bin/javac /usr/lib/jvm/*21*/bin/javac; do
        [[ -f $javac && -x $javac ]] || continue
        version=$(javac_version "$javac")
        if [[ -n $version ]] && ((version >= 17 && version <= 23)); then
            JAVA_HOME=$(cd "$(dirname "$javac")/.." && pwd -P)
            export JAVA_HOME
            return 0
        fi
    done
    return 1
}

need_jdk() {
    find_jdk && return
    is_debian && ((EUID == 0)) \
        || fail "no JDK 17 to 23 in JAVA_HOME, PATH or /usr/lib/jvm (as root on Debian: apt-get install openjdk-17-jdk-headless)"
    need_packages openjdk-17-jdk-headless
    find_jdk || fail "openjdk-17-jdk-headless is installed, but no javac 17 is in /usr/lib/jvm"
}

need_maven() {
    local version
    if ! command -v mvn >/dev/null; then
        is_debian && ((EUID == 0)) || fail "no Maven: put mvn 3.8.7 or later into PATH (as root on Debian: apt-get install maven)"
        need_packages maven
    fi
    version=$(mvn -B -v 2>/dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p' | head -1)
    [[ $(printf '%s\n' 3.8.7 "$version" | sort -V | head -1) == 3.8.7 ]] || fail "Maven ${version:-of an unknown version} is too old: 3.8.7 or later is needed"
}

# Everything that goes into the distribution, by content. A deleted file counts as well.
source_sum() {
    (cd "$root" && {
        find pom.xml tm etc features karaf-assembly bundles .mvn -type d \( -name target -o -path '*/src/test' \) -prune \
            -o -type f ! -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        printf '%s\n' "${JAVA_HOME:-}"
    } | sha256sum | cut -d' ' -f1)
}

# Maven, offline when it can be: what a first build fetched is there for the second.
build_offline_first() { # LOG ARGUMENT...
    local log=$1
    shift
    mkdir -p "${log%/*}"
    mvn -o -B -q -f "$root/pom.xml" "$@" >"$log" 2>&1 && return
    if grep -qE 'offline mode|has not been downloaded' "$log"; then mvn -B -q -f "$root/pom.xml" "$@" >"$log" 2>&1 && return; fi
    grep -E 'ERROR' "$log" | head -20 >&2
    fail "the build failed: $log"
}

# Without tests and linters.
package_distribution() {
    build_offline_first "$root/karaf-assembly/target/build.log" package -DskipTests -Dmaven.test.skip=true -pl karaf-assembly -am
}

# Whoever runs on a distribution has a shared lock on it; a node that started before there was such a lock has only its command line.
in_use() { # DISTRIBUTION
    # shellcheck disable=SC2062 # the pattern comes from standard input, because as an argument it would find itself
    printf '%s\n' "-Dkaraf.home=$1" | grep -qszFx -f - /proc/[0-9]*/cmdline
}

# Each build becomes a directory of its own, because nodes of the build before may still run on theirs.
keep_distribution() { # SOURCE_SUM
    local name=${1:0:16} old
    rm -rf "$distributions/$name.new" && mkdir -p "$distributions/$name.new" && cp -a "$assembly/." "$distributions/$name.new/" \
        || fail "cannot copy the distribution to $distributions: is the disk full?"
    (cd "$distributions/$name.new" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1) \
        >"$distributions/$name.sum" && mv "$distributions/$name.sum" "$distributions/$name.new/checksum"
    for old in "$distributions"/*/; do
        old=${old%/}
        [[ $old == "$distributions/$name.new" ]] || in_use "$old" || flock -xn "$old" rm -rf "$old"
    done
    rm -rf "${distributions:?}/$name" && mv "$distributions/$name.new" "$distributions/$name"
    printf '%s\n' "$1" >"$distributions/$name/source"
}

# Builds the distribution unless this source was built already. Sets `distribution`, and holds it against other builds.
build_distribution() {
    local sum
    mkdir -p "$distributions"
    exec 8>"$root/karaf-assembly/target/.build.lock"
    flock 8
    find_jdk
    sum=$(source_sum)
    distribution=$distributions/${sum:0:16}
    if [[ $(cat "$distribution/source" 2>/dev/null) != "$sum" ]]; then
        need_jdk
        need_maven
        sum=$(source_sum)
        distribution=$distributions/${sum:0:16}
        say "building (a first build fetches what it needs and takes some minutes; log: karaf-assembly/target/build.log)"
        package_distribution
        keep_distribution "$sum"
    fi
    # Kept over `exec`: between here and the node that runs on it another build may come.
    exec 7<"$distribution" && flock -s 7
    exec 8>&-
}

# Takes what a build of the whole tree has just assembled as the distribution of this source.
adopt_distribution() {
    local sum
    mkdir -p "$distributions"
    exec 8>"$root/karaf-assembly/target/.build.lock"
    flock 8
    find_jdk
    sum=$(source_sum)
    [[ $(cat "$distributions/${sum:0:16}/source" 2>/dev/null) == "$sum" ]] || keep_distribution "$sum"
    exec 8>&-
}
