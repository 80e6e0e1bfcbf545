#!/usr/bin/env bash
# Proves that the example, its solution and its mistakes agree, on the server of PGHOST and PGPORT.
#
#   * solution/ applied in order gives the schema and the contents of harbour.sql;
#   * every entry of mistakes.yaml fails with its SQLSTATE or succeeds wrongly, as it says, and ends right.
#
# The role needs CREATEDB and nothing else; pg_dump must not be older than the server. Makes the databases
# harbour_check_*, and removes them at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PGOPTIONS='-c client_min_messages=warning' PGCLIENTENCODING=UTF8
work=$(mktemp -d)
databases=()

clean_up() {
    rm -rf "$work"
    for database in "${databases[@]}"; do dropdb --if-exists "$database"; done
}
trap clean_up EXIT

# create DATABASE [TEMPLATE]
create() {
    dropdb --if-exists "$1"
    createdb --encoding UTF8 --template "${2:-template0}" "$1"
    databases+=("$1")
}
run_file() { psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$2" >/dev/null; }
# write_state DATABASE FILE: schema and contents, free of the order of rows, of where sequences stand and of pg_dump's
# random key.
write_state() {
    pg_dump --no-owner --no-privileges -f "$work/dump" "$1"
    grep -vE '^\\(un)?restrict |pg_catalog\.setval' "$work/dump" | LC_ALL=C sort >"$2"
}
fail() { echo "FAILED: $*" >&2; exit 1; }

# 1. The script and the solution.
create harbour_check_script
run_file harbour_check_script harbour.sql
write_state harbour_check_script "$work/script.state"
create harbour_check_000
write_state harbour_check_000 "$work/harbour_check_000.state"
previous=harbour_check_000
for file in solution/*.sql; do
    step=$(basename "$file" .sql)
    database=harbour_check_${step%%-*}
    create "$database" "$previous"
    run_file "$database" "$file" || fail "solution/$step.sql"
    write_state "$database" "$work/$database.state"
    printf '%s %s %s\n' "$step" "$previous" "$database" >>"$work/steps"
    previous=$database
done
diff "$work/script.state" "$work/$previous.state" || fail "solution/ differs from harbour.sql"
echo "solution: $(wc -l <"$work/steps") steps end where harbour.sql does"

# 2. The mistakes: one folder each, with a file per field.
awk -v work="$work" '
    function put(text) { print text >> file }
    /^- step: /        { close(file); n++; folder = sprintf("%s/mistake.%03d", work, n); system("mkdir " folder)
                         file = folder "/step"; put($3); next }
    /^  [a-z]+: \|$/   { close(file); sub(":", "", $1); file = folder "/" $1; block = 1; next }
    /^  [a-z]+: /      { close(file); key = $1; sub(":", "", key); sub(/^  [a-z]+: /, ""); gsub(/^\047|\047$/, "")
                         file = folder "/" key; put($0); next }
    /^    /            { put(substr($0, 5)) }
' mistakes.yaml
field() { if [ -e "$1/$2" ]; then cat "$1/$2"; fi; }

n_mistakes=0
for mistake in "$work"/mistake.*; do
    step=$(field "$mistake" step)
    kind=$(field "$mistake" kind)
    at=$(field "$mistake" at)
    what="$step, $(field "$mistake" say)"
    read -r _ before after < <(grep "^$step " "$work/steps") || fail "$what: no such step"
    template=$before
    if [ "${at:-before}" = after ]; then template=$after; fi

    create harbour_check_mistake "$template"
    status=0
    found=$(psql -X -q -v VERBOSITY=sqlstate -d harbour_check_mistake -c "$(field "$mistake" sql)" 2>&1) || status=$?
    write_state harbour_check_mistake "$work/now.state"
    case $kind in
    error)
        [ "$status" -ne 0 ] || fail "$what: should have failed"
        grep -q "ERROR:  $(field "$mistake" sqlstate)\$" <<<"$found" || fail "$what: $found"
        cmp -s "$work/now.state" "$work/$template.state" || fail "$what: changed something"
        ;;
    wrong)
        [ "$status" -eq 0 ] || fail "$what: $found"
        ! cmp -s "$work/now.state" "$work/$template.state" || fail "$what: changed nothing"
        ! cmp -s "$work/now.state" "$work/$after.state" || fail "$what: is right"
        ;;
    *) fail "$what: kind $kind" ;;
    esac
    if [ -e "$mistake/repair" ]; then
        psql -X -q -v ON_ERROR_STOP=1 -d harbour_check_mistake -c "$(cat "$mistake/repair")" >/dev/null || fail "$what: repair"
    fi
    if [ "$template" = "$before" ]; then run_file harbour_check_mistake "solution/$step.sql" || fail "$what: step after repair"; fi
    write_state harbour_check_mistake "$work/end.state"
    diff "$work/$after.state" "$work/end.state" || fail "$what: does not end right"
    n_mistakes=$((n_mistakes + 1))
done
echo "mistakes: $n_mistakes, each as it says"
