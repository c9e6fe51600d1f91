/* SPDX-License-Identifier: Apache-2.0 */
#include "verb.h"

const struct option options[OPTION_COUNT] = {
    [OPTION_HELP] = {.name = "help", .letter = 'h', .help = "show help and end"},
    [OPTION_VERSION] = {.name = "version", .letter = 'V', .help = "show the version and end"},
    [OPTION_OUTPUT] = {.name = "output",
                       .letter = 'o',
                       .value = "FORMAT",
                       .words = "text json",
                       .help = "text for people, or json as docs/json.md describes it"},
    [OPTION_STATE] =
        {.name = "state",
         .value = "FOLDER",
         .help = "where journal and embedded cloud lie (default: .redoubt beside the spec)"},
    [OPTION_DATA] =
        {.name = "data",
         .value = "FOLDER",
         .help = "tables here (types.yaml, prices/...) take the place of the built-in ones"},
    [OPTION_COLOR] = {.name = "color",
                      .value = "WHEN",
                      .words = "auto always never",
                      .help = "colours in the output"},
    [OPTION_QUIET] = {.name = "quiet",
                      .letter = 'q',
                      .help = "no progress, only results and errors"},
    [OPTION_LIVE] = {.name = "live",
                     .help =
                         "act on Azure, or on a cloud that is served, instead of the embedded one"},
    [OPTION_CLOCK] =
        {.name = "clock",
         .value = "CLOCK",
         .words = "virtual scaled real",
         .help = "the embedded cloud's time: virtual jumps over waits, scaled runs fast enough "
                 "to watch, real takes as long as Azure (default: scaled on a terminal, else "
                 "virtual)"},
    [OPTION_SPEED] = {.name = "speed",
                      .value = "N",
                      .help =
                          "with a scaled clock: how many times faster than real time, 1 to 1000000",
                      .min = 1,
                      .max = 1000000},
    [OPTION_FAULT] =
        {.name = "fault",
         .value = "FAULT",
         .help = "make the embedded cloud fail, such as capacity:zone=1 or quota; may be given "
                 "more than once ('redoubt help faults' lists them)"},
    [OPTION_SEED] = {.name = "seed",
                     .value = "N",
                     .help = "of everything the embedded cloud draws: same seed, same run",
                     .min = 0,
                     .max = INT64_MAX},
    [OPTION_YES] = {.name = "yes", .letter = 'y', .help = "answer every question with yes"},
    [OPTION_PARALLEL] = {.name = "parallel",
                         .value = "N",
                         .help = "steps at the same time, 1 to 16384",
                         .min = 1,
                         .max = 16384},
    [OPTION_DETAILED_EXITCODE] =
        {.name = "detailed-exitcode",
         .help = "end with 0 when nothing differs and all was seen, and 2 otherwise"},
    [OPTION_SAVE] = {.name = "save",
                     .value = "FILE",
                     .help = "write the plan to a file for 'redoubt apply FILE'"},
    [OPTION_DAY] = {.name = "day",
                    .value = "DATE",
                    .help = "rules as of that day, YYYY-MM-DD (default: today)"},
    [OPTION_SHEET] = {.name = "sheet",
                      .value = "NAME",
                      .help = "the price sheet (default: the spec's)"},
    [OPTION_SCENARIOS] = {.name = "scenarios", .help = "the sheet's scenarios side by side"},
    [OPTION_TEMPLATE] = {.name = "template",
                         .letter = 't',
                         .value = "NAME",
                         .words = "sovereign confidential-pmk confidential-cmk",
                         .help = "which enclave to start from"},
    [OPTION_FORCE] = {.name = "force", .help = "overwrite a file that is there"},
    [OPTION_ALL] = {.name = "all",
                    .letter = 'a',
                    .help = "show also what passed or did not change; of explain, all codes"},
    [OPTION_OUT] = {.name = "out", .value = "FILE", .help = "where to write the report"},
    [OPTION_SET] = {.name = "set",
                    .value = "FILE",
                    .help = "a resource set in JSON instead of a spec"},
    [OPTION_FILE] = {.name = "file",
                     .letter = 'f',
                     .value = "FILE",
                     .help = "the spec (default: redoubt.yaml)"},
    [OPTION_PORT] = {.name = "port",
                     .value = "N",
                     .help = "the port of HTTPS; 0 for any that is free (default: 8443)",
                     .min = 0,
                     .max = 65535},
    [OPTION_HTTP_PORT] = {.name = "http-port",
                          .value = "N",
                          .help = "listen for plain HTTP too; 0 for any port that is free",
                          .min = 0,
                          .max = 65535},
    [OPTION_LISTEN] = {.name = "listen",
                       .value = "ADDRESS",
                       .help = "a loopback address, such as ::1 (default: 127.0.0.1)"},
    [OPTION_CLOUD] = {.name = "cloud",
                      .value = "NAME",
                      .words = "AzureUSGovernment AzureCloud",
                      .help = "which cloud to be, when no spec says it (default: "
                              "AzureUSGovernment)"},
    [OPTION_IDLE] = {.name = "idle",
                     .value = "SECONDS",
                     .help = "close connections that are silent for so long; a request may take "
                             "four times that in all (default: 120)",
                     .min = 1,
                     .max = 3600},
    [OPTION_CLOUD_METADATA] = {.name = "cloud-metadata",
                               .value = "URL",
                               .help = "of a custom cloud: where its metadata tells its endpoints "
                                       "(default: REDOUBT_METADATA)"},
    [OPTION_CA_FILE] = {.name = "ca-file",
                        .value = "FILE",
                        .help = "PEM file of the authorities to trust instead of the system's "
                                "(default: REDOUBT_CA_FILE)"},
    [OPTION_AUTH] = {.name = "auth",
                     .value = "METHOD",
                     .words = "auto secret certificate federated managed-identity cli",
                     .help = "how to sign in: auto takes the first that the environment has"},
    [OPTION_CREDENTIALS] = {.name = "credentials",
                            .help = "make, once, a certificate and a federated token that sign in "
                                    "as the deployer"},
};

const uint64_t common_options = OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION) |
                                OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_DATA) |
                                OPTION_BIT(OPTION_COLOR) | OPTION_BIT(OPTION_QUIET);

#define LIVE_OPTIONS                                                                               \
    (OPTION_BIT(OPTION_CLOUD_METADATA) | OPTION_BIT(OPTION_CA_FILE) | OPTION_BIT(OPTION_AUTH))
#define WORLD_OPTIONS                                                                              \
    (OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_LIVE) | OPTION_BIT(OPTION_CLOCK) |               \
     OPTION_BIT(OPTION_SPEED) | OPTION_BIT(OPTION_FAULT) | OPTION_BIT(OPTION_SEED) | LIVE_OPTIONS)
#define RUN_OPTIONS (WORLD_OPTIONS | OPTION_BIT(OPTION_YES) | OPTION_BIT(OPTION_PARALLEL))

const struct verb verbs[] = {
    {.name = "init",
     .operands = "[FILE]",
     .summary = "write a commented spec to start from",
     .text = "Writes FILE (default: redoubt.yaml), a complete spec with comments. Three enclaves "
             "are there to start from: 'sovereign', twenty personal desktops in US Gov Virginia "
             "behind a firewall; 'confidential-pmk', a pool of confidential hosts with "
             "platform-managed keys; 'confidential-cmk', the same with your own key in a Managed "
             "HSM.\n\nA file that is there is left alone unless --force is given.",
     .examples = "redoubt init\nredoubt init --template confidential-pmk pool.yaml\n",
     .options = OPTION_BIT(OPTION_TEMPLATE) | OPTION_BIT(OPTION_FORCE),
     .operand_max = 1,
     .run = verb_init},
    {.name = "up",
     .operands = "[SPEC]",
     .summary = "from a spec to a standing enclave: check, plan, apply, audit, cost, report",
     .text =
         "Does the whole job: checks the spec against the rules, shows what would change, asks, "
         "deploys with live progress, audits what then stands, prices it, and writes a report "
         "to open in a browser.\n\nEverything happens on the embedded cloud, redoubt's own "
         "emulator of Azure Resource Manager, whose state lies in .redoubt beside the spec.",
     .examples = "redoubt up examples/sovereign.yaml\n"
                 "redoubt up --yes --clock virtual examples/sovereign.yaml\n",
     .options =
         RUN_OPTIONS | OPTION_BIT(OPTION_DAY) | OPTION_BIT(OPTION_SHEET) | OPTION_BIT(OPTION_OUT),
     .operand_max = 1,
     .run = verb_up},
    {.name = "check",
     .operands = "[SPEC]",
     .summary = "check a spec against the rules, offline",
     .text = "Compiles the spec to its resource set and runs every rule on it, without any cloud. "
             "Rules are dated knowledge: --day asks what held on another day.\n\nWith --set a "
             "resource set from a file is checked instead. Ends with 6 when a rule of severity "
             "error fails.",
     .examples = "redoubt check examples/sovereign.yaml\nredoubt check --all "
                 "examples/confidential-cmk.yaml\n",
     .options = OPTION_BIT(OPTION_DAY) | OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_SET),
     .operand_max = 1,
     .run = verb_check},
    {.name = "plan",
     .operands = "[SPEC]",
     .summary = "show what would change, and change nothing",
     .text = "Compares what the spec asks for with what is live and prints creates, changes field "
             "by field, replacements and deletions, each with its reason, who notices, and how "
             "long the whole takes on its critical path. Secrets are never shown.\n\n--save writes "
             "the plan to a file; 'redoubt apply FILE' runs exactly that plan, or refuses when the "
             "world has moved on since.",
     .examples = "redoubt plan examples/sovereign.yaml\n"
                 "redoubt plan --detailed-exitcode --save plan.json examples/sovereign.yaml\n",
     .options = WORLD_OPTIONS | OPTION_BIT(OPTION_DETAILED_EXITCODE) | OPTION_BIT(OPTION_SAVE) |
                OPTION_BIT(OPTION_ALL),
     .operand_max = 1,
     .run = verb_plan},
    {.name = "apply",
     .operands = "[SPEC | PLAN]",
     .summary = "carry out a plan: a spec's, or a saved one",
     .text = "Plans (or reads a saved plan), asks, and runs the steps: as many at once as their "
             "order and Azure's limits allow. Every intent is in the journal before its request "
             "leaves. Ctrl-C lets what runs come to its end and starts nothing more; after that, "
             "or after a kill -9, the same command goes on where it stopped.",
     .examples = "redoubt apply --yes examples/sovereign.yaml\nredoubt apply --yes plan.json\n",
     .options = RUN_OPTIONS,
     .operand_max = 1,
     .run = verb_apply},
    {.name = "status",
     .operands = "[SPEC]",
     .summary = "what stands, what is missing, and the last runs",
     .text = "Reads what is live and tells, by kind of resource, how much of the spec stands; the "
             "session hosts with their users and health; and the last runs from the journal, "
             "killed ones too.",
     .examples = "redoubt status examples/sovereign.yaml\n",
     .options = WORLD_OPTIONS,
     .operand_max = 1,
     .run = verb_status},
    {.name = "audit",
     .operands = "[SPEC]",
     .summary = "run the rules on what is live, and sum up the controls",
     .text =
         "Reads the live enclave and runs every rule on it. Each finding names the resource and "
         "field at fault, the remedy and the controls that it touches. A rule that found "
         "nothing to look at has not passed. Ends with 6 when a rule of severity error fails.",
     .examples = "redoubt audit examples/sovereign.yaml\n",
     .options = WORLD_OPTIONS | OPTION_BIT(OPTION_DAY) | OPTION_BIT(OPTION_ALL),
     .operand_max = 1,
     .run = verb_audit},
    {.name = "cost",
     .operands = "[SPEC]",
     .summary = "what the enclave costs a month, line by line",
     .text = "Prices the spec's resource set from a dated price sheet. An unknown price is an "
             "error that names the nearest ones, never zero. --scenarios sets the sheet's "
             "variations side by side.",
     .examples = "redoubt cost examples/sovereign.yaml\n"
                 "redoubt cost --scenarios examples/sovereign.yaml\n",
     .options = OPTION_BIT(OPTION_SHEET) | OPTION_BIT(OPTION_SCENARIOS) | OPTION_BIT(OPTION_SET),
     .operand_max = 1,
     .run = verb_cost},
    {.name = "report",
     .operands = "[SPEC]",
     .summary = "write one HTML file that shows the enclave",
     .text = "Writes one self-contained HTML file: the enclave as a picture, the last run as a "
             "timeline, audit findings with their controls, and the price with a chart.",
     .examples = "redoubt report --out report.html examples/sovereign.yaml\n",
     .options =
         WORLD_OPTIONS | OPTION_BIT(OPTION_OUT) | OPTION_BIT(OPTION_DAY) | OPTION_BIT(OPTION_SHEET),
     .operand_max = 1,
     .run = verb_report},
    {.name = "destroy",
     .operands = "[SPEC]",
     .summary = "take an enclave down, in reverse order",
     .text = "Deletes what tags and ids prove to be this enclave's own, in reverse order, and "
             "nothing else: what is not provably redoubt's is left alone and listed. Asks for the "
             "enclave's name to be typed.",
     .examples = "redoubt destroy --yes examples/sovereign.yaml\n",
     .options = RUN_OPTIONS,
     .operand_max = 1,
     .run = verb_destroy},
    {.name = "explain",
     .operands = "[CODE | FILE | -]",
     .summary = "what an error of Azure's means, what to do, and who must do it",
     .text =
         "Takes a code (SkuNotAvailable, AADSTS7000215, 0x801c0083, 429, NeedsAssistance; upper "
         "or lower case) or a file, or '-' for standard input, with an error in any form: an "
         "answer of ARM, Entra ID, Graph, a vault or Log Analytics, an operation, a session host, "
         "an instance view, or what az, PowerShell, Terraform or a log printed. Every code in it "
         "is explained, the innermost first: that is the cause. A file that is called like a "
         "code is meant with './' before it.\n\nEvery error that redoubt passes on carries the "
         "same explanation. Without an operand it lists all codes in groups; 'redoubt help "
         "errors' has them with all that is known. Ends with 5 when a code is not known, or when "
         "there is none.",
     .examples = "redoubt explain SkuNotAvailable\n"
                 "echo 'ERROR: (AuthorizationFailed) The client ...' | redoubt explain -\n"
                 "redoubt explain --all\n",
     .options = OPTION_BIT(OPTION_ALL),
     .operand_max = 1,
     .run = verb_explain},
    {.name = "cloud serve",
     .operands = "[SPEC]",
     .summary = "serve the embedded cloud over HTTPS, for Azure's own clients and for redoubt",
     .text =
         "Answers as Azure would, on this machine alone, until it is stopped by Ctrl-C or SIGTERM; "
         "what is under way is answered first. With a spec it is the cloud that 'redoubt up' "
         "rehearses on: the spec's tenant and subscriptions, and the state beside the spec. "
         "Without "
         "one it is an empty cloud with an example tenant (11111111-2222-3333-4444-555555555555) "
         "and subscription (22222222-3333-4444-5555-666666666666), kept with --state and else in "
         "memory.\n\nPrints one line, 'listening on https://localhost:PORT', when it answers. In "
         "the folder 'serve' of the state it makes, once, an authority for its certificates "
         "(ca.pem, which clients must trust; it may vouch for localhost only) and the secrets of "
         "two applications: 'deployer', who owns the subscriptions, and 'reader', who may look. "
         "With --credentials the deployer gets a certificate with its key (deployer.pem) and a "
         "federated token (deployer.token, written anew at each start, of an issuer whose key is "
         "issuer.key) as well; once made they serve without the option. "
         "'redoubt cloud env' tells a shell about them.\n\nThe clock is real unless --clock or "
         "--speed say otherwise. Scaled: the cloud's time runs --speed times faster, and waits are "
         "told accordingly. Virtual: time stands still but for what redoubt says as a client.",
     .examples = "redoubt cloud serve examples/sovereign.yaml\n"
                 "redoubt cloud serve --cloud AzureCloud --http-port 0 --speed 60\n",
     .options = OPTION_BIT(OPTION_PORT) | OPTION_BIT(OPTION_HTTP_PORT) | OPTION_BIT(OPTION_LISTEN) |
                OPTION_BIT(OPTION_CLOUD) | OPTION_BIT(OPTION_IDLE) | OPTION_BIT(OPTION_STATE) |
                OPTION_BIT(OPTION_CLOCK) | OPTION_BIT(OPTION_SPEED) | OPTION_BIT(OPTION_FAULT) |
                OPTION_BIT(OPTION_SEED) | OPTION_BIT(OPTION_CREDENTIALS),
     .operand_max = 1,
     .run = verb_cloud_serve},
    {.name = "cloud env",
     .operands = "[SPEC]",
     .summary = "print what a shell needs to speak to the served cloud",
     .text =
         "Prints commands for bash that point Azure CLI, the JavaScript and Python SDKs and "
         "redoubt at the embedded cloud that 'redoubt cloud serve' serves, or served last, with "
         "the same spec or --state, signed in as its deployer. Secrets stay in their files: "
         "what is printed only says where. --auth chooses what redoubt and the SDKs sign in with: "
         "the secret without it.\n\nThe lines for 'az' come as comments, because "
         "they are needed once for each folder.",
     .examples = "redoubt cloud env examples/sovereign.yaml\n"
                 "eval \"$(redoubt cloud env)\"\n",
     .options = OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_AUTH),
     .operand_max = 1,
     .run = verb_cloud_env},
    {.name = "login status",
     .operands = "[SPEC]",
     .summary = "who you are for a cloud, where it is, and what you may do there",
     .text =
         "Signs in as --live would and tells who that is, for how long, the cloud and its "
         "endpoints, and whether the roles on the spec's subscriptions are enough to look (plan, "
         "audit, status, report: Reader) and to build (apply, up, destroy: Contributor, and a role "
         "that may assign roles). It changes nothing. Without a spec the subscription is that of "
         "AZURE_SUBSCRIPTION_ID.\n\nThe first of these that is there is used, unless --auth names "
         "one: a client secret (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), a "
         "certificate (AZURE_CLIENT_CERTIFICATE_PATH), a federated token "
         "(AZURE_FEDERATED_TOKEN_FILE), the managed identity of the machine, the login of Azure "
         "CLI. Tokens stay in memory.",
     .examples = "redoubt login status examples/sovereign.yaml\n"
                 "redoubt login status --auth cli examples/sovereign.yaml\n",
     .options = LIVE_OPTIONS,
     .operand_max = 1,
     .run = verb_login_status},
    {.name = "help",
     .operands = "[TOPIC] [FORM]",
     .summary = "help on a command, or on a topic",
     .text = "Topics besides the commands: spec, exit-status, faults, rules, types, prices, "
             "fidelity, errors, commands. With 'markdown' after it, a topic comes as it stands in "
             "docs/. "
             "'redoubt help man [COMMAND]' writes a man page, 'redoubt help completion-bash', "
             "'completion-zsh' and 'completion-fish' what a shell completes by.",
     .examples = "redoubt help plan\nredoubt help exit-status\n",
     .operand_max = 3,
     .run = verb_help},
};

const size_t verb_count = sizeof(verbs) / sizeof(verbs[0]);
