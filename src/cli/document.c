/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "help.h"

static bool takes(const struct verb *verb, enum option_id id)
{
    return ((verb->options | common_options) & OPTION_BIT(id)) != 0;
}

static void option_name(struct rd_buf *out, const struct option *option)
{
    if (option->letter != 0)
        rd_buf_printf(out, "-%c, ", option->letter);
    rd_buf_printf(out, "--%s", option->name);
    if (option->value != NULL)
        rd_buf_printf(out, " %s", option->value);
}

/* roff: a leading dot or quote and every backslash and hyphen must be told apart from its own. */
static void roff_text(struct rd_buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\\')
            rd_buf_add(out, RD_STR("\\e"));
        else if (*p == '-')
            rd_buf_add(out, RD_STR("\\-"));
        else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
            rd_buf_printf(out, "\\&%c", *p);
        else if (*p == '\n' && p[1] == '\n') {
            rd_buf_add(out, RD_STR("\n.PP\n"));
            p++;
        } else
            rd_buf_add_char(out, *p);
    }
}

static void roff_options(struct rd_buf *out, const struct verb *verb)
{
    rd_buf_add(out, RD_STR(".SH OPTIONS\n"));
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        if (verb == NULL ? (common_options & OPTION_BIT(id)) == 0 : !takes(verb, id))
            continue;
        rd_buf_add(out, RD_STR(".TP\n.B "));
        RD_CLEANUP(rd_buf_done) struct rd_buf name;
        rd_buf_init(&name, 256);
        option_name(&name, &options[id]);
        roff_text(out, rd_buf_c(&name));
        rd_buf_add_char(out, '\n');
        roff_text(out, options[id].help);
        rd_buf_add(out, RD_STR(".\n"));
    }
}

static void roff_exit_status(struct rd_buf *out)
{
    rd_buf_add(out, RD_STR(".SH EXIT STATUS\n"));
    for (int rc = 0; rc < RD_RC_COUNT; rc++) {
        rd_buf_printf(out, ".TP\n.B %d\n", rd_rc_exit_status((enum rd_rc)rc));
        roff_text(out, rd_rc_text((enum rd_rc)rc));
        rd_buf_add(out, RD_STR(".\n"));
    }
}

/* "-cloud-serve" of "cloud serve": pages are named with hyphens. */
static void roff_page_name(struct rd_buf *out, const char *name, bool is_title)
{
    if (name[0] != '\0')
        rd_buf_add(out, RD_STR("\\-"));
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == ' ')
            rd_buf_add(out, RD_STR("\\-"));
        else
            rd_buf_add_char(out, is_title ? rd_char_upper(*p) : *p);
    }
}

static void roff_see_also(struct rd_buf *out, const struct verb *verb)
{
    rd_buf_add(out, RD_STR(".SH SEE ALSO\n"));
    if (verb != NULL) {
        rd_buf_add(out, RD_STR(".BR redoubt (1)\n"));
        return;
    }
    for (size_t i = 0; i < verb_count; i++)
        if (!verbs[i].is_hidden) {
            rd_buf_add(out, RD_STR(".BR redoubt"));
            roff_page_name(out, verbs[i].name, false);
            rd_buf_printf(out, " (1)%s\n", i + 1 < verb_count ? "," : "");
        }
}

void document_man(struct rd_buf *out, const struct verb *verb)
{
    const char *name = verb == NULL ? "" : verb->name;
    rd_buf_add(out, RD_STR(".TH REDOUBT"));
    roff_page_name(out, name, true);
    rd_buf_printf(out, " 1 \"\" \"redoubt %s\" \"User Commands\"\n", RD_VERSION);
    rd_buf_add(out, RD_STR(".SH NAME\nredoubt"));
    roff_page_name(out, name, false);
    rd_buf_add(out, RD_STR(" \\- "));
    roff_text(out, verb == NULL ? "design, rehearse, build, price and prove confidential Azure "
                                  "Virtual Desktop enclaves"
                                : verb->summary);
    rd_buf_printf(out, "\n.SH SYNOPSIS\n.B redoubt\n%s%s [options] ", name, "");
    roff_text(out, verb == NULL ? "COMMAND [operands]" : verb->operands);
    rd_buf_add(out, RD_STR("\n.SH DESCRIPTION\n"));
    if (verb != NULL) {
        roff_text(out, verb->text);
        rd_buf_add_char(out, '\n');
    } else {
        roff_text(out,
                  "One spec file describes an enclave; redoubt compiles it to Azure resources, "
                  "plans, deploys on its embedded cloud, audits and prices it.\n");
        for (size_t i = 0; i < verb_count; i++) {
            rd_buf_printf(out, ".TP\n.B %s\n", verbs[i].name);
            roff_text(out, verbs[i].summary);
            rd_buf_add(out, RD_STR(".\n"));
        }
    }
    roff_options(out, verb);
    if (verb != NULL) {
        rd_buf_add(out, RD_STR(".SH EXAMPLES\n.nf\n"));
        roff_text(out, verb->examples);
        rd_buf_add(out, RD_STR(".fi\n"));
    }
    roff_exit_status(out);
    roff_see_also(out, verb);
}

static void document_exit_status(struct rd_buf *out)
{
    rd_buf_add(out, RD_STR("| status | name | class | meaning |\n| --- | --- | --- | --- |\n"));
    for (int rc = 0; rc < RD_RC_COUNT; rc++)
        rd_buf_printf(out, "| %d | %s | %s | %s |\n", rd_rc_exit_status((enum rd_rc)rc),
                      rd_rc_name((enum rd_rc)rc), rd_class_name(rd_rc_class((enum rd_rc)rc)),
                      rd_rc_text((enum rd_rc)rc));
}

static void document_verb(struct rd_buf *out, const struct verb *verb)
{
    rd_buf_printf(out, "\n## redoubt %s %s\n\n%s.\n\n%s\n\n", verb->name, verb->operands,
                  verb->summary, verb->text);
    rd_buf_add(out, RD_STR("| option | meaning |\n| --- | --- |\n"));
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        if ((verb->options & OPTION_BIT(id)) == 0)
            continue;
        rd_buf_add(out, RD_STR("| `"));
        option_name(out, &options[id]);
        rd_buf_printf(out, "` | %s |\n", options[id].help);
    }
    rd_buf_printf(out, "\n```sh\n%s```\n", verb->examples);
}

void document_commands(struct rd_buf *out)
{
    rd_buf_add(
        out, RD_STR("# Commands\n\nMade from the tables that the program itself parses by: "
                    "`redoubt help commands markdown`.\n\nEvery command also takes:\n\n| option | "
                    "meaning |\n| --- | --- |\n"));
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        if ((common_options & OPTION_BIT(id)) == 0)
            continue;
        rd_buf_add(out, RD_STR("| `"));
        option_name(out, &options[id]);
        rd_buf_printf(out, "` | %s |\n", options[id].help);
    }
    for (size_t i = 0; i < verb_count; i++)
        if (!verbs[i].is_hidden)
            document_verb(out, &verbs[i]);
    rd_buf_add(out, RD_STR("\n## Exit status\n\n"));
    document_exit_status(out);
}

enum { GROUP_SIZE_MAX = 32 };

/* The first word of a command's name. */
static const char *first_word(const struct verb *verb, char out[GROUP_SIZE_MAX])
{
    size_t n = strcspn(verb->name, " ");
    assert(n < GROUP_SIZE_MAX);
    memcpy(out, verb->name, n);
    out[n] = '\0';
    return out;
}

/* Whether the i-th command has two words and is the first with its first one, which goes to `out`.
 */
static bool is_first_of_group(size_t i, char out[GROUP_SIZE_MAX])
{
    if (verb_in_group(&verbs[i], first_word(&verbs[i], out)) == NULL)
        return false;
    for (size_t j = 0; j < i; j++)
        if (verb_in_group(&verbs[j], out) != NULL)
            return false;
    return true;
}

static void bash(struct rd_buf *out)
{
    rd_buf_add(out, RD_STR("_redoubt() {\n    local cur=${COMP_WORDS[COMP_CWORD]} verb= i\n"
                           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "        [[ ${COMP_WORDS[i]} != -* ]] && verb+=${COMP_WORDS[i]}' '\n"
                           "    done\n    case $verb in\n"));
    for (size_t i = 0; i < verb_count; i++) {
        rd_buf_printf(out, "    '%s '*) COMPREPLY=($(compgen -W \"", verbs[i].name);
        for (enum option_id id = 0; id < OPTION_COUNT; id++)
            if (takes(&verbs[i], id))
                rd_buf_printf(out, "--%s ", options[id].name);
        rd_buf_add(out,
                   RD_STR("\" -- \"$cur\"))\n        [[ $cur != -* ]] && COMPREPLY+=($(compgen "
                          "-f -- \"$cur\")) ;;\n"));
    }
    char word[GROUP_SIZE_MAX];
    for (size_t i = 0; i < verb_count; i++) {
        if (!is_first_of_group(i, word))
            continue;
        rd_buf_printf(out, "    '%s '*) COMPREPLY=($(compgen -W \"", word);
        for (size_t j = i; j < verb_count; j++)
            if (verb_in_group(&verbs[j], word) != NULL)
                rd_buf_printf(out, "%s ", verb_in_group(&verbs[j], word));
        rd_buf_add(out, RD_STR("\" -- \"$cur\")) ;;\n"));
    }
    rd_buf_add(out, RD_STR("    *) COMPREPLY=($(compgen -W \""));
    for (size_t i = 0; i < verb_count; i++)
        if (strchr(verbs[i].name, ' ') == NULL || is_first_of_group(i, word))
            rd_buf_printf(out, "%s ", first_word(&verbs[i], word));
    rd_buf_add(out, RD_STR("--help --version\" -- \"$cur\")) ;;\n    esac\n}\n"
                           "complete -o filenames -F _redoubt redoubt\n"));
}

/* Single quotes in zsh and fish end a string; our texts use them for words. */
static void quoted(struct rd_buf *out, const char *text, bool is_zsh)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'')
            rd_buf_add_c(out, is_zsh ? "'\\''" : "\\'");
        else if (is_zsh && (*p == '[' || *p == ']' || *p == ':'))
            rd_buf_printf(out, "\\%c", *p);
        else
            rd_buf_add_char(out, *p);
    }
}

static void zsh_option(struct rd_buf *out, const struct option *option)
{
    rd_buf_printf(out, "            '--%s%s[", option->name, option->value == NULL ? "" : "=");
    quoted(out, option->help, true);
    rd_buf_add_char(out, ']');
    if (option->words != NULL)
        rd_buf_printf(out, ":%s:(%s)", option->value, option->words);
    else if (option->value != NULL)
        rd_buf_printf(out, ":%s:_files", option->value);
    rd_buf_add(out, RD_STR("' \\\n"));
}

static void zsh(struct rd_buf *out)
{
    rd_buf_add(out, RD_STR("#compdef redoubt\n_redoubt() {\n    local -a verbs=(\n"));
    char word[GROUP_SIZE_MAX];
    for (size_t i = 0; i < verb_count; i++) {
        bool is_group = is_first_of_group(i, word);
        if (!is_group && strchr(verbs[i].name, ' ') != NULL)
            continue;
        rd_buf_printf(out, "        '%s:", word);
        quoted(out, is_group ? "a group of commands" : verbs[i].summary, true);
        rd_buf_add(out, RD_STR("'\n"));
    }
    rd_buf_add(out, RD_STR("    )\n    if ((CURRENT == 2)); then _describe command verbs; return; "
                           "fi\n    case \"$words[2] $words[3]\" in\n"));
    for (size_t i = 0; i < verb_count; i++) {
        bool is_two = strchr(verbs[i].name, ' ') != NULL;
        rd_buf_printf(out, "    '%s'%s)\n        _arguments \\\n", verbs[i].name,
                      is_two ? "" : "' '*");
        for (enum option_id id = 0; id < OPTION_COUNT; id++)
            if (takes(&verbs[i], id))
                zsh_option(out, &options[id]);
        rd_buf_add(out, RD_STR("            '*:file:_files' ;;\n"));
    }
    for (size_t i = 0; i < verb_count; i++) {
        if (!is_first_of_group(i, word))
            continue;
        rd_buf_printf(out, "    '%s '*) compadd", word);
        for (size_t j = i; j < verb_count; j++)
            if (verb_in_group(&verbs[j], word) != NULL)
                rd_buf_printf(out, " %s", verb_in_group(&verbs[j], word));
        rd_buf_add(out, RD_STR(" ;;\n"));
    }
    rd_buf_add(out, RD_STR("    esac\n}\n_redoubt \"$@\"\n"));
}

static void fish(struct rd_buf *out)
{
    for (size_t i = 0; i < verb_count; i++) {
        char word[GROUP_SIZE_MAX];
        (void)first_word(&verbs[i], word);
        const char *second = verb_in_group(&verbs[i], word);
        if (second == NULL)
            rd_buf_printf(out, "complete -c redoubt -n __fish_use_subcommand -a %s -d '", word);
        else
            rd_buf_printf(out,
                          "complete -c redoubt -n __fish_use_subcommand -a %s\ncomplete -c redoubt "
                          "-n '__fish_seen_subcommand_from %s' -a %s -d '",
                          word, word, second);
        quoted(out, verbs[i].summary, false);
        rd_buf_add(out, RD_STR("'\n"));
        for (enum option_id id = 0; id < OPTION_COUNT; id++) {
            if (!takes(&verbs[i], id))
                continue;
            rd_buf_printf(out, "complete -c redoubt -n '__fish_seen_subcommand_from %s' -l %s",
                          second == NULL ? word : second, options[id].name);
            if (options[id].letter != 0)
                rd_buf_printf(out, " -s %c", options[id].letter);
            if (options[id].value != NULL)
                rd_buf_add(out, RD_STR(" -r"));
            if (options[id].words != NULL)
                rd_buf_printf(out, " -a '%s'", options[id].words);
            rd_buf_add(out, RD_STR(" -d '"));
            quoted(out, options[id].help, false);
            rd_buf_add(out, RD_STR("'\n"));
        }
    }
}

bool document_completion(struct rd_buf *out, const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(struct rd_buf *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(out);
            return true;
        }
    }
    return false;
}
