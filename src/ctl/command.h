/*
 * qualictl: what its commands have in common. main.c has the table of commands.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

#define CTL_OPTIONS_MAX	12	/* of one command */
#define CTL_FAULTS_MAX	64	/* kept of a configuration */

/* Exit statuses. */
#define CTL_OK		0
#define CTL_FAILED	1
#define CTL_USAGE	2
#define CTL_DENIED	77	/* by AWS or by the system */

/* An option of one command, always long. */
struct ctl_option {
	const char	*name;		/* NULL ends the list */
	const char	*argument;	/* for the help: "N"; NULL: none */
	const char	*text;		/* what it does, for the help */
};

/* What a command needs before it runs. */
#define CTL_NETWORK	1u	/* libcurl */
#define CTL_SERVICE	2u	/* with the installed configuration the
				   surroundings of the service (service.h) */

struct ctl;

struct command {
	const char	*name;		/* one word or two: "check" */
	const char	*summary;	/* a line without full stop */
	const char	*usage;		/* what follows the name, or "" */
	const char	*details;	/* lines for the help; NULL: none */
	const struct ctl_option *options;	/* NULL: none */
	unsigned	 needs;
	/* argc operands in argv, without the command's name. Returns an exit
	 * status. */
	int		(*run)(struct ctl *, int argc, char **argv);
};

struct service;

/* One call of qualictl. */
struct ctl {
	const struct command *command;
	const char	*conf_path;
	bool		 installed;	/* it is the installed one */
	bool		 conf_absent;	/* the default one, and not there: conf
					   has the defaults */
	struct conf	 conf;		/* set even where it has faults */
	char		*faults[CTL_FAULTS_MAX];	/* of reading the file:
					   "file:line: setting: reason" */
	size_t		 nfaults;
	char		*remarks[CTL_FAULTS_MAX];	/* of the whole: what is
					   missing, what contradicts */
	size_t		 nremarks;
	bool		 json;
	const char	*region;	/* options; NULL: not given */
	const char	*profile;
	const char	*values[CTL_OPTIONS_MAX];	/* of the command's
					   options, "" for a flag; options.h */
	struct service	*service;	/* with CTL_SERVICE; else NULL */
};

#endif
