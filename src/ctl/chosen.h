/*
 * The action types that a command is about: definition files, what is sent of
 * them, and what the worker polls for.
 */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "command.h"
#include "definition.h"
#include "job.h"

struct chosen {
	enum job_action		 action;
	struct definition	 definition;
	json_t			*input;		/* what is sent */
	bool			 no_links;	/* for want of portal_url */
	char			*own_dir;	/* where a copy of the file
						   counts; NULL: it is one */
	struct cp_action_type	 polled[DEFINITION_VERSIONS_MAX];
	size_t			 npolled;	/* 0: poll = no */
};

struct choice {
	struct chosen	 types[ACTION_MAX];
	size_t		 n;
	bool		 no_such;	/* a name was none: wrong usage */
};

/* Read and check the definitions of the actions that argv names
 * ("start-sandbox", or a provider's name), in the order of enum job_action;
 * without a name all of them. Over a zeroed struct, which has none of them if
 * this fails; the caller frees it.
 * FAIL_CONFIG: file and member, or a name that is none, or what settings_good
 * says. */
int	chosen_load(struct choice *, const struct ctl *, int argc, char **argv,
	    struct fail *);
/* The same for those that the worker polls for, by settings without a fault. */
int	chosen_load_polled(struct choice *, const struct conf *, struct fail *);
void	chosen_free(struct choice *);

/* Whether the worker polls for this version. */
bool	chosen_polled(const struct chosen *, const char *version);

/* What to do for another definition: "raise "version" in FILE", a file that the
 * operator may edit. The caller frees it. */
char	*chosen_raise(const struct chosen *);

/* New {"file", "name", "category", "provider", "version"}. */
json_t	*chosen_json(const struct chosen *);

#endif
