/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

/*
 * The command line, described once: a table of options and a table of verbs. Parsing, `--help`,
 * the man pages, shell completion and docs/commands.md all come from these two tables. A verb's
 * function gets what was parsed and does nothing about parsing itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum option_id {
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_OUTPUT,
    OPTION_STATE,
    OPTION_DATA,
    OPTION_COLOR,
    OPTION_QUIET,
    OPTION_LIVE,
    OPTION_CLOCK,
    OPTION_SPEED,
    OPTION_FAULT,
    OPTION_SEED,
    OPTION_YES,
    OPTION_PARALLEL,
    OPTION_DETAILED_EXITCODE,
    OPTION_SAVE,
    OPTION_DAY,
    OPTION_SHEET,
    OPTION_SCENARIOS,
    OPTION_TEMPLATE,
    OPTION_FORCE,
    OPTION_ALL,
    OPTION_OUT,
    OPTION_SET,
    OPTION_FILE,
    OPTION_PORT,
    OPTION_HTTP_PORT,
    OPTION_LISTEN,
    OPTION_CLOUD,
    OPTION_IDLE,
    OPTION_CLOUD_METADATA,
    OPTION_CA_FILE,
    OPTION_AUTH,
    OPTION_CREDENTIALS,
    OPTION_COUNT,
};

struct option {
    const char *name;  /* long name without the hyphens */
    char letter;       /* short name, or 0 */
    const char *value; /* what it takes, such as "FILE"; NULL for a switch */
    const char *words; /* the values allowed, separated by spaces, or NULL */
    const char *help;  /* one sentence, lower case, without its full stop */
    int64_t min;       /* of a number; max is 0 for what is none */
    int64_t max;
};

struct args {
    const struct verb *verb;
    const char *group;       /* the first word of a two-word command, when no second one followed */
    const char *operands[3]; /* NULL where not given */
    size_t operand_count;
    bool is_given[OPTION_COUNT];
    const char *value[OPTION_COUNT]; /* the last one given */
    const char *faults[16];          /* --fault may be given more than once */
    size_t fault_count;
};

struct verb {
    const char *name;     /* one word or two: "plan", "cloud serve" */
    const char *operands; /* "[SPEC]" for the usage line */
    const char *summary;  /* one line, lower case */
    const char *text;     /* paragraphs that teach, separated by empty lines */
    const char *examples; /* lines; executed by the documents' test */
    uint64_t options;     /* bits of enum option_id, besides the common ones */
    size_t operand_max;
    bool is_hidden;
    enum rd_rc (*run)(struct rd_arena *arena, const struct args *args, struct rd_err *err);
};

#define OPTION_BIT(id) (UINT64_C(1) << (id))

extern const struct option options[OPTION_COUNT];
extern const struct verb verbs[];
extern const size_t verb_count;
/* Options that every verb takes. */
extern const uint64_t common_options;

/* NULL when unknown. */
const struct verb *verb_find(const char *name);
/* The command of two words; NULL when there is none, or `second` is NULL. */
const struct verb *verb_find_two(const char *first, const char *second);
/* Whether some commands begin with this word and a space. */
bool verb_is_group(const char *word);
/* The second word of a command, when its first is `group`; else NULL. */
const char *verb_in_group(const struct verb *verb, const char *group);
/* Parses argv[1..]. Errors: USAGE with the nearest word; then `ret_args` holds what was read before
 * it, so that the error can be told in the format that was asked for. */
RD_NODISCARD enum rd_rc args_parse(int argc, char *const argv[], struct args *ret_args,
                                   struct rd_err *err);
/* An option's value as a number, or `otherwise` when it was not given. */
int64_t args_int(const struct args *args, enum option_id id, int64_t otherwise);
bool args_is_json(const struct args *args);

/* The verbs, one function each (verb_*.c). */
enum rd_rc verb_init(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_check(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_plan(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_apply(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_up(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_status(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_destroy(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_audit(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_cost(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_report(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_explain(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_cloud_serve(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_cloud_env(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_login_status(struct rd_arena *arena, const struct args *args, struct rd_err *err);
enum rd_rc verb_help(struct rd_arena *arena, const struct args *args, struct rd_err *err);

#endif
