#!/usr/bin/env bash
# Proves on the server of PGHOST and PGPORT that the packs that lie here are right:
#
#   * each reference runs on the start and on every hidden dataset, and returns rows on the start;
#   * each wrong answer that the author wrote down gives another result on the start or on a hidden dataset;
#   * what asks for a state of the database (assert, behaviour, plan) is true after solutions/PACK/right.sql and for each
#     task false with at least one of solutions/PACK/wrong-*.sql;
#   * solutions/PACK/flag.sql finds the flag that the seed plants.
#
# The role needs CREATEDB and nothing else. Makes the databases packs_check_*, and removes them at the end.
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
fail() { echo "FAILED: $*" >&2; exit 1; }
# from_json FILE SQL: asks PostgreSQL about a file of JSON, called doc
from_json() { psql -X -qAt -F $'\t' -v ON_ERROR_STOP=1 -v doc="$(cat "$1")" -d postgres <<<"$2"; }
# check DATABASE DOCUMENT DATASET: findings, one per line
check() { psql -X -q -v doc="$(cat "$2")" -d "$1" -f check.sql | sed "s/^/$3\t/"; }

cmp -s ../harbour/harbour.sql harbour-sql/shared_resources/harbour.sql || fail "harbour-sql holds another harbour.sql"
cmp -s ../harbour/harbour.sql harbour-mystery/shared_resources/harbour.sql || fail "harbour-mystery holds another harbour.sql"

for pack in */pack.json; do
    pack=${pack%/pack.json}
    n_queries=0 n_wrong=0 n_states=0
    while IFS= read -r path; do
        document=$pack/$path
        [ -e "$document" ] || document=$pack/challenges/$path
        n_databases=$(from_json "$document" "SELECT count(*) FROM jsonb_array_elements(:'doc'::jsonb -> 'components') AS c WHERE c ->> 'type' = 'database'")
        [ "$n_databases" -le 1 ] || fail "$document: check.sh knows one database per challenge"
        config="jsonb_path_query_first(:'doc', '\$.components[*] ? (@.type == \"database\").config')"
        start=$(from_json "$document" "SELECT $config #>> '{start,dump}'")
        seed=$(from_json "$document" "SELECT $config ->> 'seed'")
        create packs_check_start
        if [ -n "$start" ]; then run_file packs_check_start "$pack/$start"; fi
        if [ -n "$seed" ]; then
            sed 's/{{FLAG}}/FLAG-OF-SOMEBODY/g; s/{{USER_ID}}/somebody/g' "$pack/$seed" >"$work/seed.sql"
            run_file packs_check_start "$work/seed.sql"
        fi
        if [ -e "solutions/$pack/flag.sql" ]; then
            flag=$(psql -X -qAt -d packs_check_start -f "solutions/$pack/flag.sql")
            [ "$flag" = FLAG-OF-SOMEBODY ] || fail "solutions/$pack/flag.sql finds no flag: $flag"
        fi
        check packs_check_start "$document" start >"$work/findings"
        while IFS=$'\t' read -r dataset file base; do
            template=packs_check_start
            if [ "$base" = empty ]; then template=template0; fi
            create packs_check_hidden "$template"
            run_file packs_check_hidden "$pack/$file"
            check packs_check_hidden "$document" "$dataset" >>"$work/findings"
        done < <(from_json "$document" "SELECT h ->> 'name', h ->> 'file', coalesce(h ->> 'base', 'start') FROM jsonb_array_elements($config -> 'hidden') AS h")

        bad=$(awk -F '\t' '$2 == "rows" && ($5 !~ /^[0-9]+$/ || ($1 == "start" && $5 == 0))' "$work/findings")
        [ -z "$bad" ] || fail "$document: a reference fails or returns nothing: $bad"
        bad=$(awk -F '\t' '$2 == "wrong" { all[$3 " " $4]; if ($5 != "same") told[$3 " " $4] }
            END { for (one in all) if (!(one in told)) print one }' "$work/findings")
        [ -z "$bad" ] || fail "$document: nothing tells these wrong answers from the reference: $bad"
        few=$(awk -F '\t' '$1 == "start" && $2 == "rows" { n[$3] += 0 } $1 == "start" && $2 == "wrong" { n[$3]++ }
            END { for (task in n) if (n[task] < 3) print task }' "$work/findings")
        [ -z "$few" ] || fail "$document: fewer than three wrong answers: $few"
        n_queries=$((n_queries + $(awk -F '\t' '$1 == "start" && $2 == "rows"' "$work/findings" | wc -l)))
        n_wrong=$((n_wrong + $(awk -F '\t' '$1 == "start" && $2 == "wrong"' "$work/findings" | wc -l)))

        if [ -e "solutions/$pack/right.sql" ]; then
            states='$2 == "assert" || $2 == "behaviour" || $2 == "plan"'
            create packs_check_right packs_check_start
            run_file packs_check_right "solutions/$pack/right.sql"
            check packs_check_right "$document" right >"$work/right"
            bad=$(awk -F '\t' "($states) && \$5 != \"t\"" "$work/right")
            [ -z "$bad" ] || fail "$document: the solution does not satisfy: $bad"
            awk -F '\t' "$states"' { print $3 }' "$work/right" | sort -u >"$work/tasks"
            : >"$work/refused"
            for wrong in solutions/"$pack"/wrong-*.sql; do
                create packs_check_wrong packs_check_start
                run_file packs_check_wrong "$wrong"
                check packs_check_wrong "$document" wrong | awk -F '\t' "($states) && \$5 != \"t\" { print \$3 }" | sort -u >>"$work/refused"
            done
            missing=$(sort "$work/refused" | uniq -c | awk '$1 >= 3 { print $2 }' | sort | comm -23 "$work/tasks" -)
            [ -z "$missing" ] || fail "$document: fewer than three wrong solutions are refused by: $missing"
            n_states=$((n_states + $(wc -l <"$work/tasks")))
        fi
    done < <(from_json "$pack/pack.json" "SELECT jsonb_array_elements_text(:'doc'::jsonb -> 'challenges')")
    echo "$pack: $n_queries queries with $n_wrong wrong answers, all told apart; $n_states tasks about the state of a database"
done
