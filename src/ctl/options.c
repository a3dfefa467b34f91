/*
 * The command line of qualictl. Global options may stand before the command or
 * behind it; those of a command behind it.
 */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "near.h"
#include "options.h"
#include "out.h"

enum { GLOBAL_REGION = 256, GLOBAL_PROFILE, OWN };

#define GLOBALS		":f:jhV"

static const struct option globals[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "region", required_argument, NULL, GLOBAL_REGION },
	{ "profile", required_argument, NULL, GLOBAL_PROFILE },
};

#define GLOBALS_N	(sizeof(globals) / sizeof(globals[0]))

/* --- which command --- */

/* Words of the command's name that argv begins with; 0: it is not this one. */
static int
matches(const char *name, int argc, char **argv)
{
	const char *blank = strchr(name, ' ');
	size_t len = blank == NULL ? strlen(name) : (size_t)(blank - name);

	if (argc < 1 || strlen(argv[0]) != len ||
	    strncmp(argv[0], name, len) != 0)
		return 0;
	if (blank == NULL)
		return 1;
	return argc > 1 && strcmp(argv[1], blank + 1) == 0 ? 2 : 0;
}

static bool
in_group(const char *name, const char *group)
{
	size_t len = strlen(group);

	return strncmp(name, group, len) == 0 && name[len] == ' ';
}

static bool
is_group(const struct command *commands, const char *group)
{
	for (; commands->name != NULL; commands++)
		if (in_group(commands->name, group))
			return true;
	return false;
}

/* The word that was meant by one that names no command. */
static void
complain_word(const struct command *commands, const char *group,
    const char *word)
{
	unsigned best = NEAR_NONE;
	char known[64], hint[64] = "";

	for (; commands->name != NULL; commands++) {
		if (group != NULL && !in_group(commands->name, group))
			continue;
		(void)strlcpy(known, commands->name +
		    (group != NULL ? strlen(group) + 1 : 0), sizeof(known));
		known[strcspn(known, " ")] = '\0';
		if (near_enough(word, known, &best))
			(void)strlcpy(hint, known, sizeof(hint));
	}
	out_error("%s%s%.100s: no such command%s%s%s; `qualictl help%s%s` "
	    "lists them", group != NULL ? group : "",
	    group != NULL ? " " : "", word, *hint != '\0' ?
	    " (did you mean " : "", hint, *hint != '\0' ? "?)" : "",
	    group != NULL ? " " : "", group != NULL ? group : "");
}

static void
complain(const struct command *commands, int argc, char **argv)
{
	if (argc < 1)
		out_error("which command? `qualictl help` lists them");
	else if (!is_group(commands, argv[0]))
		complain_word(commands, NULL, argv[0]);
	else if (argc < 2)
		out_error("%s: which command? `qualictl help %s` lists them",
		    argv[0], argv[0]);
	else
		complain_word(commands, argv[0], argv[1]);
}

/* The command that argv begins with; *words: of its name. */
static const struct command *
find(const struct command *commands, int argc, char **argv, int *words)
{
	for (; commands->name != NULL; commands++)
		if ((*words = matches(commands->name, argc, argv)) != 0)
			return commands;
	return NULL;
}

/* --- options --- */

static bool
takes_global(struct ctl *ctl, int c, enum options_wish *wish)
{
	switch (c) {
	case 'f':
		ctl->conf_path = optarg;
		return true;
	case 'j':
		ctl->json = true;
		return true;
	case 'h':
		*wish = WISH_HELP;
		return true;
	case 'V':
		*wish = WISH_VERSION;
		return true;
	case GLOBAL_REGION:
		ctl->region = optarg;
		return true;
	case GLOBAL_PROFILE:
		ctl->profile = optarg;
		return true;
	default:
		return false;
	}
}

static void
complain_option(int c, char **argv)
{
	const char *word = optopt == 0 || optopt >= 256 ? argv[optind - 1] :
	    NULL;

	if (word != NULL && word[0] == '-')
		out_error("%.*s: %s", (int)strcspn(word, "="), word, c == ':' ?
		    "an argument is missing" : strchr(word, '=') != NULL ?
		    "no such option, or it takes no argument" :
		    "no such option");
	else
		out_error("-%c: %s", optopt, c == ':' ?
		    "an argument is missing" : "no such option");
}

/* The command's own options, then the global ones that it does not hide. */
static void
options_make(const struct command *command,
    struct option all[CTL_OPTIONS_MAX + GLOBALS_N + 1])
{
	const struct ctl_option *own = command->options;
	size_t n = 0;

	memset(all, 0, sizeof(*all) * (CTL_OPTIONS_MAX + GLOBALS_N + 1));
	for (; own != NULL && own->name != NULL; own++, n++) {
		assert(n < CTL_OPTIONS_MAX);
		all[n].name = own->name;
		all[n].has_arg = own->argument != NULL;
		all[n].val = OWN + (int)n;
	}
	for (size_t i = 0; i < GLOBALS_N; i++) {
		size_t k = 0;

		while (k < n && strcmp(all[k].name, globals[i].name) != 0)
			k++;
		if (k == n)
			all[n++] = globals[i];
	}
}

static enum options_wish
read_own(struct ctl *ctl, int argc, char **argv)
{
	struct option all[CTL_OPTIONS_MAX + GLOBALS_N + 1];
	enum options_wish wish = WISH_RUN;
	int c;

	options_make(ctl->command, all);
	optind = 0;	/* begin anew */
	while ((c = getopt_long(argc, argv, GLOBALS, all, NULL)) != -1) {
		if (c >= OWN) {
			ctl->values[c - OWN] = optarg != NULL ? optarg : "";
		} else if (!takes_global(ctl, c, &wish)) {
			complain_option(c, argv);
			return WISH_USAGE;
		}
	}
	return wish;
}

/* Options before the command; *first: its index in argv. */
static enum options_wish
read_first(struct ctl *ctl, int argc, char **argv, int *first)
{
	struct option all[GLOBALS_N + 1] = { 0 };
	enum options_wish wish = WISH_RUN;
	int c;

	memcpy(all, globals, sizeof(globals));
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+" GLOBALS, all, NULL)) != -1)
		if (!takes_global(ctl, c, &wish)) {
			complain_option(c, argv);
			return WISH_USAGE;
		}
	*first = optind;
	return wish;
}

/* The words of a topic as one text, in a static buffer; NULL: none. */
static const char *
topic_of(int argc, char **argv)
{
	static char topic[128];

	topic[0] = '\0';
	for (int i = 0; i < argc && argv[i][0] != '-'; i++) {
		if (i > 0)
			(void)strlcat(topic, " ", sizeof(topic));
		(void)strlcat(topic, argv[i], sizeof(topic));
	}
	return topic[0] != '\0' ? topic : NULL;
}

enum options_wish
options_read(struct ctl *ctl, const struct command *commands, int argc,
    char **argv, int *operands, int *noperands, const char **topic)
{
	enum options_wish wish;
	int first = argc, words = 0;

	*topic = NULL;
	wish = read_first(ctl, argc, argv, &first);
	argc -= first;
	argv += first;
	if (wish == WISH_USAGE || wish == WISH_VERSION)
		return wish;
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		wish = WISH_HELP;
		argc--;
		argv++;
	}
	if (wish == WISH_HELP) {
		*topic = topic_of(argc, argv);
		return wish;
	}
	ctl->command = find(commands, argc, argv, &words);
	if (ctl->command == NULL) {
		if (argc == 2 && is_group(commands, argv[0]) &&
		    (strcmp(argv[1], "--help") == 0 ||
		    strcmp(argv[1], "-h") == 0)) {
			*topic = argv[0];
			return WISH_HELP;
		}
		complain(commands, argc, argv);
		return WISH_USAGE;
	}
	/* getopt takes the last word of the name for that of the program */
	wish = read_own(ctl, argc - words + 1, argv + words - 1);
	*topic = ctl->command->name;
	*operands = first + words - 1 + optind;
	*noperands = argc - words + 1 - optind;
	return wish;
}

const char *
options_value(const struct ctl *ctl, const char *name)
{
	const struct ctl_option *own = ctl->command->options;
	size_t i = 0;

	while (own[i].name != NULL && strcmp(own[i].name, name) != 0)
		i++;
	assert(own[i].name != NULL);
	return ctl->values[i];
}
