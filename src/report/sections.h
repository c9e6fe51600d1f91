/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SECTIONS_H
#define REPORT_SECTIONS_H

/* The sections of the page, each a whole <section>. */

#include "html.h"

void section_picture(struct page *page);
void section_timeline(struct page *page);
void section_findings(struct page *page);
void section_controls(struct page *page);
void section_price(struct page *page);
void section_inventory(struct page *page);

/* style.c: the one style sheet and the one script, without their tags. */
struct rd_str style_text(struct rd_arena *arena);
extern const char script_text[];

#endif
