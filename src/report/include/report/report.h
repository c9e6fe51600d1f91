/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

/*
 * One self-contained HTML file (no network, no script from elsewhere): the enclave as a picture,
 * the last run as a timeline, findings with their controls, the price with a chart. Everything that
 * comes from outside is escaped. Reads well light and dark, wide and narrow, on paper too.
 */

#include "audit/audit.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cost/cost.h"
#include "resource/set.h"
#include "store/journal.h"

struct rd_report_input {
    const char *version; /* of redoubt */
    int64_t now_ms;      /* when the report is made, by the enclave's clock */
    const char *file;    /* the spec's name */
    const struct rd_set *desired;
    const struct rd_set *live;    /* NULL: nothing stands */
    const struct rd_audit *audit; /* NULL: none was made */
    const struct rd_price *price; /* NULL: none */
    const struct rd_scenario *scenarios;
    size_t scenario_count;
    const struct rd_run_record *run; /* NULL: no run; else the one that `entries` are of */
    const struct rd_journal_entry *entries;
    size_t entry_count;
};

/* Appends the whole file to `out`. */
void rd_report_html(struct rd_arena *arena, struct rd_buf *out,
                    const struct rd_report_input *input);

#endif
