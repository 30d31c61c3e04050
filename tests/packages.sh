# Sourced by quickstart and check: Debian packages, and how to get those that are missing.

build_packages="gcc make autoconf automake pkg-config protobuf-c-compiler libprotobuf-c-dev
    libmicrohttpd-dev libcjson-dev zlib1g-dev libyaml-dev libsqlite3-dev libxxhash-dev
    libelf-dev libcapstone-dev nettle-dev"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Prints those of the packages that are missing; and a libcurl if there is none: there are several
# packages of it, and they exclude each other.
missing_packages() {
    local package
    command -v dpkg-query >/dev/null || return 0 # not Debian: configure will say what it lacks
    for package in "$@"; do installed "$package" || echo "$package"; done
    pkg-config --exists libcurl 2>/dev/null || echo libcurl4-openssl-dev
    # For the page; whoever has them may have them from elsewhere.
    command -v npm >/dev/null || echo nodejs npm
}

install_packages() {
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
