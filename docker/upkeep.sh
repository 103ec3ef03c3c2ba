#!/bin/sh
# What a site wants once a day. Each step may find something (exit 1): the others go on, and the findings are logged.
set -u
while true; do
    echo "upkeep: $(date -Iseconds)"
    pcrs verify --minutes 120
    pcrs order run
    pcrs signalement forget
    pcrs backup "$PCRS_SITE/backups/$(date +%F).tar"
    find "$PCRS_SITE/backups" -name '*.tar' -mtime +14 -delete
    pcrs doctor
    [ "${PCRS_UPKEEP_ONCE:-}" = 1 ] && exit 0
    sleep 86400
done
