# need COMMAND PACKAGE WHAT [FORMULA]: sees to it that a command is there, by apt or Homebrew where that is possible, or
# says what to install.
# Read by the scripts beside it.
need() {
  local command=$1 package=$2 what=$3
  have "$@" && return
  echo "missing: \`$command\`; install $what${package:+ (Debian and Ubuntu: apt-get install $package)}" >&2
  exit 1
}

# The same, and whether it is there in the end.
have() {
  local command=$1 package=$2 formula=${4-}
  command -v "$command" >/dev/null && return
  if [[ -n $package ]] && command -v apt-get >/dev/null; then
    local root=()
    ((EUID == 0)) || root=(sudo -n)
    if ((EUID == 0)) || sudo -n true 2>/dev/null; then
      echo "installing $package"
      { "${root[@]}" apt-get update -qq && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"; } </dev/null >&2 || true
      command -v "$command" >/dev/null && return
    fi
  fi
  if [[ -n $formula ]] && command -v brew >/dev/null; then
    echo "installing $formula"
    brew install --quiet "$formula" </dev/null >&2 || true
    command -v "$command" >/dev/null && return
  fi
  return 1
}
