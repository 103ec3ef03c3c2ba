#!/bin/sh
# What a site wants once a day. Each step may find something (exit 1): the others go on, and the findings are logged.
set -u
while true; do
    echo "upkeep: $(date -Iseconds)"
    pcrs verify --minutes 120
    pcrs copies
    pcrs order run
    pcrs signalement forget
    pcrs backup "$PCRS_SITE/backups/$(date +%F).tar"
    # PCRS_DATABASE: address of the database of objects or records, where there is one (by pg_dump of its version; PostGIS is made anew).
    [ -z "${PCRS_DATABASE:-}" ] || pg_dump --no-comments -N public -Fc -f "$PCRS_SITE/backups/$(date +%F).dump" "$PCRS_DATABASE"
    find "$PCRS_SITE/backups" \( -name '*.tar' -o -name '*.dump' \) -mtime +14 -delete
    pcrs doctor
    [ "${PCRS_UPKEEP_ONCE:-}" = 1 ] && exit 0
    sleep 86400
done
