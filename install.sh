#!/usr/bin/env bash
# Installs, upgrades, rolls back or removes lumbar-node on a Linux server (x86_64, glibc, systemd). Needs no internet.
# Runs from the unpacked bundle, or from a clone that has its npm packages. Each run can be repeated.
set -euo pipefail

usage() {
  cat <<'TEXT'
sudo ./install.sh               install this version, or upgrade to it; settings and data stay as they are
  --anyway                      upgrade although "upgrade check" says that something stands in the way
sudo ./install.sh --rollback    back to the version that was installed before
sudo ./install.sh --uninstall   remove the program and its units; settings and data stay
  --root DIR                    put everything below DIR, without user, owners and systemd (tests, packaging)
TEXT
}

fail() { echo "install.sh: $*" >&2; exit 1; }

source_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
action=install
root=''
anyway=''
while [ $# -gt 0 ]; do
  case "$1" in
    --rollback | --uninstall) action="${1#--}" ;;
    --anyway) anyway=yes ;;
    --root) root="${2:?--root needs a folder}"; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

if [ -n "$root" ]; then
  mkdir -p "$root"
  root="$(cd "$root" && pwd)"
elif [ "$(id -u)" != 0 ]; then
  fail 'this needs root: run it with sudo'
fi
user=lumbar-node
program="$root/opt/lumbar-node"
settings="$root/etc/lumbar-node"
data="$root/var/lib/lumbar-node"
# Below /usr/local, so that a site's own units and drop-ins in /etc/systemd/system count before these and stay.
units="$root/usr/local/lib/systemd/system"
launcher="$root/usr/local/bin/lumbar-node"
umask 022

# ---- what both ways of running need ----

as_service_owner() { # group or owner of what the service reads or writes; a staged tree keeps its builder's
  [ -n "$root" ] || chown "$@"
}

systemd_reload() {
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

link_to() { # link <- target, in one step: whoever starts the program meanwhile gets the old version or the new one
  ln -sfn "$2" "$1.new"
  mv -T "$1.new" "$1"
}

version_of() { if [ -L "$program/$1" ]; then readlink "$program/$1"; fi; }

put_file() { # write standard input to a file unless it holds that already
  local wanted
  wanted="$(mktemp)"
  cat >"$wanted"
  if ! cmp -s "$wanted" "$1"; then
    install -D -m "$2" "$wanted" "$1"
    echo "  wrote ${1#"$root"}"
  fi
  rm -f "$wanted"
}

put_units() { # the units of the version that is current
  local unit own
  for unit in lumbar-node.service lumbar-node.socket; do
    put_file "$units/$unit" 644 <"$program/current/systemd/$unit"
    own="$root/etc/systemd/system/$unit"
    [ ! -f "$own" ] || echo "  note: ${own#"$root"} is a unit of your own and counts before the one installed here"
  done
  systemd_reload
}

# ---- install ----

check_source() { # $1: where the list of files and sums goes
  if [ -f "$source_folder/SHA256SUMS" ]; then
    cp "$source_folder/SHA256SUMS" "$1"
    (cd "$source_folder" && sha256sum --quiet -c SHA256SUMS) ||
      fail 'the bundle is damaged or was changed; copy and unpack it again'
  else
    [ -x "$source_folder/node_modules/.bin/node" ] ||
      fail 'the npm packages are missing; run "bash bin/install-if-needed" first, or use the bundle'
    (cd "$source_folder" && bash bin/bundle --list | tr '\n' '\0' | xargs -0 sha256sum) >"$1"
  fi
  "$source_folder/node_modules/.bin/node" --version >/dev/null ||
    fail 'the Node runtime does not run here; it needs Linux on x86_64 with glibc'
}

same_as_installed() { # $1: sums of the source, $2: folder of the version
  cmp -s "$1" "$2/SHA256SUMS" && (cd "$2" && sha256sum --quiet -c SHA256SUMS) >/dev/null 2>&1
}

put_program() { # $1: sums of the source, $2: version
  local target="$program/$2" incoming="$program/.incoming"
  if same_as_installed "$1" "$target"; then
    echo "  lumbar-node $2 is in ${target#"$root"} already"
    return
  fi
  rm -rf "$incoming"
  mkdir -p "$incoming"
  (cd "$source_folder" && sed 's/^[0-9a-f]*  //' "$1" | tar -cf - --files-from=-) | tar -xf - --no-same-owner -C "$incoming"
  cp "$1" "$incoming/SHA256SUMS"
  chmod -R a+rX,go-w "$incoming"
  (cd "$incoming" && sha256sum --quiet -c SHA256SUMS) || fail "${incoming#"$root"} was not written whole; is the disk full?"
  rm -rf "$program/.replaced"
  [ ! -e "$target" ] || mv -T "$target" "$program/.replaced"
  mv -T "$incoming" "$target"
  rm -rf "$program/.replaced"
  echo "  put lumbar-node $2 into ${target#"$root"}"
}

put_models() { # a model never changes because the program did: what is there stays
  local package name
  mkdir -p "$program/models"
  for package in "$program/current/models"/lumbar-*/; do
    name="$(basename "$package")"
    if [ ! -e "$program/models/$name" ]; then
      cp -r "$package" "$program/models/.$name.part"
      mv -T "$program/models/.$name.part" "$program/models/$name"
      echo "  put the model $name into ${program#"$root"}/models"
    elif ! diff -rq "$package" "$program/models/$name" >/dev/null; then
      echo "  note: this version brings another $name; yours stays. docs/upgrade.md tells how to take it"
    fi
  done
}

put_settings() { # the commented files on a first installation; afterwards only what the program itself writes
  local file name
  install -d -m 750 "$settings"
  if [ -z "$(find "$settings" -maxdepth 1 -regex '.*\.\(yaml\|yml\|json\)' -print -quit)" ]; then
    for file in "$program/current/config"/{node,senders,pacs,rules,results,alerts}.yaml; do
      name="$(basename "$file")"
      # Outside the version's folder, so that a model of the site outlives an upgrade; and not named, so that
      # `model activate` decides. The one that comes along is the first.
      sed -e 's|^  folder: models$|  folder: /opt/lumbar-node/models # survives upgrades|' \
        -e 's|^  id: .*$|  # id: lumbar-effnetv2m-sim # when set, it counts before `lumbar-node model activate`|' "$file" | put_file "$settings/$name" 640
      as_service_owner "root:$user" "$settings/$name"
    done
  fi
  install -d -m 755 "$settings/schema"
  for file in "$program/current/config/schema"/*.json; do
    put_file "$settings/schema/$(basename "$file")" 644 <"$file"
  done
  as_service_owner "root:$user" "$settings" "$settings/schema"
}

put_user() {
  [ -z "$root" ] || return 0
  getent group "$user" >/dev/null || groupadd --system "$user"
  getent passwd "$user" >/dev/null ||
    useradd --system --gid "$user" --home-dir /var/lib/lumbar-node --no-create-home --shell /usr/sbin/nologin "$user"
}

put_command() {
  put_file "$launcher" 755 <<'TEXT'
#!/bin/sh
# The command line of the installed lumbar-node, with the settings of the service.
LUMBAR_CONFIG="${LUMBAR_CONFIG:-/etc/lumbar-node}"
export LUMBAR_CONFIG
exec /opt/lumbar-node/current/bin/lumbar-node "$@"
TEXT
}

of_node() { # $1: folder of a version; the rest: a command of it, with the settings that are installed
  local from="$1"
  shift
  # In a staged tree the folders that the settings name lie below it.
  [ -z "$root" ] || local -x LUMBAR__STORAGE__DIRECTORY="$data" LUMBAR__MODEL__FOLDER="$program/models"
  "$from/bin/lumbar-node" --config "$settings" "$@"
}

before_upgrade() { # nothing has been changed yet, and nothing is when this fails
  echo "  can this version take over what is here:"
  if ! of_node "$source_folder" upgrade check; then
    [ -n "$anyway" ] || fail 'nothing was changed. Correct what is shown, or install it all the same with --anyway'
  fi
  echo "  a backup by the version that is installed:"
  of_node "$program/current" backup || echo '  note: there is no backup of today; docs/upgrade.md tells how to keep a copy'
}

do_install() {
  local version before
  sums="$(mktemp)"
  trap 'rm -f "$sums"' EXIT
  check_source "$sums"
  version="$("$source_folder/node_modules/.bin/node" -p 'require(process.argv[1]).version' "$source_folder/package.json")"
  before="$(version_of current)"
  echo "lumbar-node $version:"
  if [ -n "$before" ] && [ "$before" != "$version" ]; then before_upgrade; fi
  put_user
  mkdir -p "$program"
  put_program "$sums" "$version"
  if [ "$before" != "$version" ]; then
    [ -z "$before" ] || link_to "$program/previous" "$before"
    link_to "$program/current" "$version"
    echo "  /opt/lumbar-node/current is $version${before:+, it was $before}"
  fi
  put_models
  put_settings
  install -d -m 700 "$data"
  as_service_owner "$user:$user" "$data"
  put_units
  put_command
  next_steps "$before" "$version"
}

next_steps() { # $1: version before, $2: version now
  echo
  if [ -z "$1" ]; then
    cat <<'TEXT'
Next:
  sudo lumbar-node init        # six questions; or edit the files in /etc/lumbar-node
  sudo lumbar-node check
  sudo systemctl enable --now lumbar-node.socket lumbar-node.service
TEXT
    return
  fi
  cat <<'TEXT'
Settings and data are as they were. Next:
  sudo lumbar-node check
  sudo systemctl restart lumbar-node
  sudo lumbar-node status
TEXT
  if [ "$1" != "$2" ]; then echo "Back to $1: sudo /opt/lumbar-node/current/install.sh --rollback (docs/upgrade.md)"; fi
}

# ---- rollback ----

do_rollback() {
  local before target
  before="$(version_of current)"
  target="$(version_of previous)"
  [ -n "$target" ] || fail 'no other version was installed before this one'
  [ -d "$program/$target" ] || fail "/opt/lumbar-node/$target is no longer there; install that version again"
  link_to "$program/current" "$target"
  link_to "$program/previous" "$before"
  echo "lumbar-node: /opt/lumbar-node/current is $target again, it was $before"
  put_units
  next_steps "$before" "$before"
  echo "If the node then says STORE_NEWER_SCHEMA, $before has changed the database: docs/upgrade.md"
}

# ---- uninstall ----

do_uninstall() {
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now lumbar-node.socket lumbar-node.service 2>/dev/null || true
  fi
  rm -f "$units/lumbar-node.service" "$units/lumbar-node.socket" "$launcher"
  systemd_reload
  if [ -d "$program" ]; then
    # Everything but the models: one of them may be the site's own.
    find "$program" -mindepth 1 -maxdepth 1 ! -name models -exec rm -rf {} +
  fi
  cat <<TEXT
The program and its units are gone. These stay until you delete them:
  $settings      settings
  $data  images, results, database, audit trail
  $program/models      models
  user and group $user
TEXT
}

"do_$action"
